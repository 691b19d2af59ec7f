"""`./dev faults`: kills, crashes and freezes on purpose, and a checker that judges afterwards."""

import argparse
import random
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from faults import restore, sweep
from faults.checker.verdict import Verdict, table
from faults.run import FULL, KILLS_ONLY, SMALL, run
from ops.errors import ServiceError
from ops.terminal import say

OTHERS = {"sweep-points": sweep.run, "restore": restore.run}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev faults", description=__doc__)
    parser.add_argument("what", nargs="?", default="reminders", choices=["reminders", *OTHERS])
    parser.add_argument("--seed", action="append", help="of one run; give it again for more")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--small", action="store_true", help="about two minutes, for CI")
    size.add_argument("--kills-only", action="store_true", help="nothing but kill -9")
    parser.add_argument("--messages", type=int, help="instead of the size's own number")
    parser.add_argument("--keep", action="store_true", help="the folder with all that was seen")
    options = parser.parse_args()
    if options.what in OTHERS:
        sized = options.small or options.kills_only or options.messages
        if options.seed or sized:
            parser.error(f"{options.what} has no seed and one size: it takes --keep only")
    return options


def main() -> int:
    options = arguments()
    if options.what in OTHERS:
        return _told([partial(OTHERS[options.what], keep=options.keep)])
    size = SMALL if options.small else KILLS_ONLY if options.kills_only else FULL
    if options.messages:
        size = replace(size, messages=options.messages)
    seeds = options.seed or [str(random.randrange(10**6))]
    return _told([partial(run, size, seed, keep=options.keep) for seed in seeds])


def _told(runs: list[Callable[[], list[Verdict]]]) -> int:
    """Print the table of each run; return 1 if anything was violated."""
    begun, failed = time.monotonic(), False
    try:
        for each in runs:
            verdicts = each()
            print(f"\n{table(verdicts)}\n", flush=True)
            failed = failed or any(verdict.violations for verdict in verdicts)
    except ServiceError as error:
        say(str(error))
        return 1
    say(f"{time.monotonic() - begun:.0f} s in all")
    say("violated; see above" if failed else "nothing was violated")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
