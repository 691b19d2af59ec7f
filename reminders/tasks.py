import structlog
from celery import shared_task

from reminders import sweeping

log = structlog.get_logger(__name__)


@shared_task
def sweep() -> None:
    swept = sweeping.sweep()
    log.info("messages.swept", **swept.states, repaired=swept.repaired, asked=swept.asked)
