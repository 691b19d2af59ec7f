"""Find a Chromium that is on this machine; none is ever downloaded."""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ELSEWHERE = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
# Quiet and at home: no sandbox where root runs it, no calls to anywhere.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-gpu",
]
MISSING = "no Chromium here: install one (apt-get install chromium) or set CHROMIUM=/path/to/it"


def find() -> Path | None:
    """Return $CHROMIUM, else a system Chromium or Chrome, else None."""
    return next((path for path in _candidates() if os.access(path, os.X_OK)), None)


def _candidates() -> Iterator[Path]:
    named = os.environ.get("CHROMIUM")
    if named:
        yield Path(named)
        return
    yield from (Path(path) for path in map(shutil.which, NAMES) if path)
    yield from map(Path, ELSEWHERE)


if __name__ == "__main__":
    print(find() or MISSING)
    sys.exit(find() is None)
