from django.urls import path

from sessions.sheet_urls import sheet_urlpatterns
from sessions.views import courses, moving, planning

app_name = "sessions"
urlpatterns = [
    path("patients/<uuid:public_id>/plan/", planning.plan, name="plan"),
    path("courses/<uuid:public_id>/", courses.course, name="course"),
    path("courses/<uuid:public_id>/order/", courses.order, name="order"),
    path("courses/<uuid:public_id>/rhythm/", courses.rhythm, name="rhythm"),
    path("courses/<uuid:public_id>/stop/", courses.stop, name="stop"),
    path("courses/<uuid:public_id>/place/<int:number>/", moving.place, name="place"),
    path("sessions/<uuid:public_id>/move/", moving.move, name="move"),
    path("sessions/<uuid:public_id>/again/", moving.make_up, name="make_up"),
    *sheet_urlpatterns,
]
