from django.urls import path

from monitoring.views import leaving, measuring, predose

app_name = "monitoring"
urlpatterns = [
    path("sessions/<uuid:public_id>/pre-dose/", predose.check, name="predose"),
    path("sessions/<uuid:public_id>/pre-dose/decide/", predose.decide, name="decide"),
    path("sessions/<uuid:public_id>/vitals/", measuring.vitals, name="vitals"),
    path("vitals/<uuid:public_id>/correct/", measuring.correct, name="correct"),
    path("sessions/<uuid:public_id>/missed/", measuring.missed, name="missed"),
    path("sessions/<uuid:public_id>/event/", measuring.event, name="event"),
    path("events/<uuid:public_id>/resolve/", measuring.resolve, name="resolve"),
    path("sessions/<uuid:public_id>/escort/", leaving.escort, name="escort"),
    path("sessions/<uuid:public_id>/assess/", leaving.assess, name="assess"),
    path("sessions/<uuid:public_id>/release/", leaving.release, name="release"),
]
