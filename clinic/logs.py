"""What the log tells of a failure, its kind and place, never the values it quotes; and no links."""

import re
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any

LINK = re.compile(r"/p/[^\s\"'?]+")


def without_links(
    logger: Any, method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Hide the addresses of patients' pages: each is a key to its page."""
    for name, value in event.items():
        if isinstance(value, str) and "/p/" in value:
            event[name] = LINK.sub("/p/***", value)
    return event


def without_values(
    logger: Any, method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Replace an exception by its chain of types and its frames: a message may quote a patient."""
    info = event.pop("exc_info", None)
    error = sys.exc_info()[1] if info is True else info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        frames = traceback.extract_tb(error.__traceback__)
        event["failed"] = [type(each).__name__ for each in _chain(error)]
        event["where"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    return event


def _chain(error: BaseException) -> list[BaseException]:
    """Return the exception and what led to it, the last one first."""
    chain: list[BaseException] = []
    found: BaseException | None = error
    while found is not None and found not in chain:
        chain.append(found)
        found = found.__cause__ or found.__context__
    return chain
