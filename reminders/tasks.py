import structlog
from celery import shared_task
from celery.signals import worker_ready

from reminders import sweeping

log = structlog.get_logger(__name__)


@shared_task
def sweep() -> None:
    swept = sweeping.sweep()
    log.info("messages.swept", **swept.states, repaired=swept.repaired, asked=swept.asked)


@worker_ready.connect
def sweep_at_once(**_: object) -> None:
    """The schedule rings only after its first interval; after a start nobody should wait for it."""
    sweep.delay()
