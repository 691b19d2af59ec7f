"""What is done from the session sheet; joined to the URLs of courses in `urls.py`."""

from django.urls import path

from sessions.views import checking, giving, sheet

sheet_urlpatterns = [
    path("sessions/<uuid:public_id>/step/<str:to_status>/", sheet.step, name="step"),
    path("sessions/<uuid:public_id>/device/", giving.device, name="device"),
    path("doses/<uuid:public_id>/correct/", giving.device_correct, name="device_correct"),
    path("sessions/<uuid:public_id>/check/", checking.second_check, name="second_check"),
    path("sessions/<uuid:public_id>/waste/<int:number>/", checking.waste, name="waste"),
    path("waste/<uuid:public_id>/correct/", checking.waste_correct, name="waste_correct"),
    path("sessions/<uuid:public_id>/infusion/", giving.infusion, name="infusion"),
    path(
        "sessions/<uuid:public_id>/infusion/change/",
        giving.infusion_change,
        name="infusion_change",
    ),
    path(
        "sessions/<uuid:public_id>/infusion/<int:number>/correct/",
        giving.infusion_correct,
        name="infusion_correct",
    ),
    path("sessions/<uuid:public_id>/chair/", sheet.sit, name="sit"),
    path("sessions/<uuid:public_id>/sign/", sheet.sign, name="sign"),
]
