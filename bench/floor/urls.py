from django.urls import path

from bench.floor import views

urlpatterns = [
    path("", views.hello),
    path("patients/", views.patients),
    path("patients/<int:pk>/", views.patient),
    path("patients/<int:pk>/vitals/", views.add_vitals),
]
