from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Count, Min

from clinic import clock, sealing
from clinic.models import AuditSeal


class Command(BaseCommand):
    help = "Check every link of every audit chain, and every signature against its record."

    def handle(self, *args: Any, **options: Any) -> None:
        broken = False
        for clinic_id in (
            AuditSeal.objects.order_by("clinic").values_list("clinic", flat=True).distinct()
        ):
            problem = sealing.first_broken(clinic_id)
            name = f"clinic {clinic_id}" if clinic_id else "events without a clinic"
            self.stdout.write(f"{name}: {problem or 'intact'}")
            broken = broken or problem is not None
        self._say_what_waits()
        altered = ["The audit trail was altered."] if broken else []
        for name, problems in sealing.further_checks().items():
            found = list(problems)
            self.stdout.write("\n".join([f"{name}: {'' if found else 'intact'}".rstrip(), *found]))
            altered += [f"Of {name}, {len(found)} were altered."] if found else []
        if altered:
            raise CommandError(" ".join(altered))

    def _say_what_waits(self) -> None:
        now = clock.now()
        waiting = sealing.unsealed(now, everything=True).aggregate(
            number=Count("pk"), since=Min("at")
        )
        if waiting["number"]:
            minutes = (now - waiting["since"]).total_seconds() / 60
            self.stdout.write(
                f"{waiting['number']} events wait for a link, for {minutes:.1f} minutes"
            )
