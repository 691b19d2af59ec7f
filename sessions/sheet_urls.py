"""What is done from the session sheet; joined to the URLs of courses in `urls.py`."""

from django.urls import path

from sessions.views import sheet

sheet_urlpatterns = [
    path("sessions/<uuid:public_id>/step/<str:to_status>/", sheet.step, name="step"),
    path("sessions/<uuid:public_id>/device/", sheet.device, name="device"),
    path("doses/<uuid:public_id>/correct/", sheet.device_correct, name="device_correct"),
    path("sessions/<uuid:public_id>/infusion/", sheet.infusion, name="infusion"),
    path(
        "sessions/<uuid:public_id>/infusion/change/",
        sheet.infusion_change,
        name="infusion_change",
    ),
    path("sessions/<uuid:public_id>/chair/", sheet.sit, name="sit"),
    path("sessions/<uuid:public_id>/sign/", sheet.sign, name="sign"),
]
