"""The clinic's settings of monitoring in the admin."""

from django.contrib import admin

from clinic.admin_base import PolicyAdmin
from monitoring.models import DischargePolicy, EmergencyPolicy, PreDosePolicy, RemsPolicy


@admin.register(DischargePolicy)
class DischargePolicyAdmin(PolicyAdmin):
    list_display = ("clinic", "adult", "medical_transport", "taxi", "waiting_place")


@admin.register(RemsPolicy)
class RemsPolicyAdmin(PolicyAdmin):
    list_display = ("clinic", "file_within_days")


admin.site.register([EmergencyPolicy, PreDosePolicy], PolicyAdmin)
