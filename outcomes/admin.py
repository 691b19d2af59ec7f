from django.contrib import admin

from clinic.admin_base import PolicyAdmin
from outcomes.models import OutcomesPolicy


@admin.register(OutcomesPolicy)
class OutcomesPolicyAdmin(PolicyAdmin):
    list_display = ("clinic", "bladder_days", "liver_days", "cognition_months", "audit_c_months")
