from django.urls import URLPattern

sheet_urlpatterns: list[URLPattern] = []
