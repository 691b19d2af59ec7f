import structlog
from celery import shared_task

from clinic import sealing

log = structlog.get_logger(__name__)


@shared_task
def seal_audit() -> None:
    sealed = sealing.seal()
    log.info("audit.sealed", events=sealed)
