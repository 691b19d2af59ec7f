from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.contrib.auth.models import Group
from django.urls import include, path

from clinic import views

admin.autodiscover()
admin.site.unregister(Group)  # roles are data: clinic/roles.py
# As allauth documents it: a method of this one site.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
admin.site.site_header = "Taper administration"
admin.site.site_title = "Taper"
admin.site.index_title = "Clinic settings"

handler400 = "clinic.views.bad_request"

urlpatterns = [
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("clinic/", views.choose_clinic, name="choose_clinic"),
    path("tablet/", views.give_back, name="give_back"),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("patients/", include("patients.urls")),
    path("", include("sessions.urls")),
    path("", include("monitoring.urls")),
    path("", include("outcomes.urls")),
    path("p/", include("portal.urls")),
    path("", include("desk.urls")),
]
