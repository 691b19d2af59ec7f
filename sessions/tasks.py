import logging

from celery import shared_task

from clinic.audit import acting, system
from sessions.models import TreatmentCourse
from sessions.services.ending import complete
from sessions.services.extending import extend, lock_course

log = logging.getLogger(__name__)
AUTHOR = system("extend_courses")


@shared_task
def extend_courses() -> dict[str, int]:
    """Plan running courses on and complete those that are over, each in its own transaction."""
    counts = {"courses": 0, "extended": 0, "booked": 0, "completed": 0, "failed": 0}
    for pk in TreatmentCourse.objects.running().order_by("pk").values_list("pk", flat=True):
        counts["courses"] += 1
        try:
            booked = extend(pk, by=AUTHOR)
            counts["completed"] += _complete(pk)
        except Exception as error:  # one course must never keep the others from their dates
            counts["failed"] += 1
            log.error("course %s was not extended: %s", pk, type(error).__name__)
        else:
            counts["booked"] += booked
            counts["extended"] += booked > 0
    log.info("courses extended: %s", counts)
    return counts


def _complete(pk: int) -> bool:
    with acting(AUTHOR):
        return complete(lock_course(pk))
