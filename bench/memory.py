"""P11: memory of the web processes, at once and after many requests."""

from collections.abc import Iterable

from bench import proc
from bench.clinic import Clinic, Floor
from bench.driver import burst
from bench.report import Row, at_most
from bench.rounds import Place
from ops.terminal import say

WARM_UP = 400
LONGEST = 1200  # seconds
READ = ("board", "list", "search common", "chart", "sheet")


def run(clinic: Clinic, floor: Floor, requests: int) -> list[Row]:
    pages, bare = clinic.places(), floor.places()
    mixed = [pages[name] for name in READ]
    _ask(mixed, WARM_UP)
    _ask([bare["floor b"], bare["floor c"]], WARM_UP)
    before, least = proc.pss_mib(clinic.server.pid), proc.pss_mib(floor.server.pid)
    say(f"{requests} requests for the memory of the web processes")
    _ask(mixed, requests)
    after = proc.pss_mib(clinic.server.pid)
    times = Row(
        "P11",
        "memory of the web processes (PSS)",
        f"{after:.0f} MiB",
        floor=f"{least:.0f} MiB",
        ratio=after / least,
        limit="<= 1.6",
        met=after / least <= 1.6,
    )
    growth = (after / before - 1) * 100
    return [times, at_most("P11", f"its growth in {requests} requests", growth, 5, "%")]


def _ask(places: Iterable[Place], requests: int) -> None:
    """Ask for each page in turn, a little at a time."""
    each = list(places)
    share = 100
    for _ in range(max(requests // (share * len(each)), 1)):
        for place in each:
            burst(place.target, clients=4, seconds=LONGEST, requests=share)
