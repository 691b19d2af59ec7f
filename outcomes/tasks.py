import structlog
from celery import shared_task

from clinic import clock
from outcomes import planning

log = structlog.get_logger(__name__)


@shared_task
def open_due_tasks() -> None:
    """Ask for what is due between sessions, and for consents that run out."""
    log.info("due_tasks.opened", **planning.open_due(clock.now()))
