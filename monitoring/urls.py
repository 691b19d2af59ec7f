from django.urls import path

from monitoring.views import (
    events,
    leaving,
    measuring,
    medicine,
    predose,
    serotonin,
    way_home,
)

app_name = "monitoring"
urlpatterns = [
    path("sessions/<uuid:public_id>/pre-dose/", predose.check, name="predose"),
    path("sessions/<uuid:public_id>/pre-dose/decide/", predose.decide, name="decide"),
    path("sessions/<uuid:public_id>/pre-dose/private/", predose.private, name="private"),
    path("sessions/<uuid:public_id>/pre-dose/weight/", predose.weight, name="weight"),
    path("sessions/<uuid:public_id>/vitals/", measuring.vitals, name="vitals"),
    path("vitals/<uuid:public_id>/correct/", measuring.correct, name="correct"),
    path("sessions/<uuid:public_id>/medicine/", medicine.give, name="medicine"),
    path("medicines/<uuid:public_id>/correct/", medicine.correct, name="medicine_correct"),
    path("sessions/<uuid:public_id>/missed/", events.missed, name="missed"),
    path("sessions/<uuid:public_id>/missed/withdraw/", events.withdraw, name="withdraw"),
    path("sessions/<uuid:public_id>/event/", events.event, name="event"),
    path("events/<uuid:public_id>/resolve/", events.resolve, name="resolve"),
    path("events/<uuid:public_id>/in-error/", events.in_error, name="event_in_error"),
    path("sessions/<uuid:public_id>/serotonin/", serotonin.check, name="serotonin"),
    path("serotonin/<uuid:public_id>/correct/", serotonin.correct, name="serotonin_correct"),
    path("sessions/<uuid:public_id>/escort/", leaving.escort, name="escort"),
    path("sessions/<uuid:public_id>/way-home/", way_home.note, name="way_home"),
    path("sessions/<uuid:public_id>/wait/", way_home.wait, name="wait"),
    path("sessions/<uuid:public_id>/instructions/", way_home.instructions, name="instructions"),
    path("sessions/<uuid:public_id>/assess/", leaving.assess, name="assess"),
    path("sessions/<uuid:public_id>/release/", leaving.release, name="release"),
    path("sessions/<uuid:public_id>/release/override/", leaving.override, name="override"),
    path("sessions/<uuid:public_id>/departed/", leaving.departed, name="departed"),
]
