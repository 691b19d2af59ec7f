import structlog
from celery import shared_task
from celery.signals import worker_ready
from kombu.exceptions import OperationalError

from reminders import sweeping

EXPIRES = 30  # seconds: the next regular ring comes by then
log = structlog.get_logger(__name__)


@shared_task
def sweep() -> None:
    """Sweep; a backlog is gone on with at once. A ring that is lost costs one interval."""
    swept = sweeping.sweep()
    log.info("messages.swept", **swept.states, repaired=swept.repaired, asked=swept.asked)
    if swept.unfinished:
        try:
            sweep.apply_async(expires=EXPIRES)
        except OperationalError as error:
            log.warning("messages.bell_is_silent", error=type(error).__name__)


@worker_ready.connect
def sweep_at_once(**_: object) -> None:
    """The schedule rings only after its first interval; after a start nobody should wait for it."""
    sweep.delay()
