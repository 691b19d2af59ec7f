from django.urls import path

from outcomes import views

app_name = "outcomes"
urlpatterns = [
    path("patients/<uuid:public_id>/assess/<slug:instrument>/", views.assess, name="assess"),
    path("assessments/<uuid:public_id>/", views.assessment, name="assessment"),
    path("assessments/<uuid:public_id>/correct/", views.correct, name="correct"),
    path("assessments/<uuid:public_id>/entered-in-error/", views.in_error, name="in_error"),
]
