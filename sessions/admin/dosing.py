"""What the clinic decides about doses, each number with where its default is from."""

from django.contrib import admin

from clinic.admin_base import PolicyAdmin
from sessions.models import DosingPolicy


@admin.register(DosingPolicy)
class DosingPolicyAdmin(PolicyAdmin):
    list_display = ("clinic", "weight_days", "highest_mg", "check_infusions", "check_devices")
    fieldsets = (
        (None, {"fields": ("clinic",)}),
        ("Weight", {"fields": ("weight_days", "obesity_bmi")}),
        (
            "Infusions",
            {
                "fields": (
                    ("usual_low_mg_per_kg", "usual_high_mg_per_kg"),
                    ("usual_low_minutes", "usual_high_minutes"),
                    "highest_mg",
                )
            },
        ),
        (
            "Second check",
            {"fields": ("check_infusions", "check_devices", "check_minutes")},
        ),
        (
            "Waste",
            {"fields": ("witness_waste", "witness_devices", "waste_tolerance_mg")},
        ),
    )
