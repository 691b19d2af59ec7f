import structlog
from celery import shared_task

from clinic import clock
from patients.services import drafts

log = structlog.get_logger()


@shared_task
def drop_import_drafts() -> None:
    """Remove uploaded files whose hour is over."""
    dropped = drafts.drop_expired(clock.now())
    if dropped:
        log.info("import_drafts_dropped", count=dropped)
