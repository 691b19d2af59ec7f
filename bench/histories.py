"""`python -m bench.histories`: invented sessions, judged beside a second reading of the rules.

None may be ready to leave before the second reading allows it. It asks no database.
"""

import argparse
import os
import sys
import time
from importlib import import_module

from ops.terminal import say

SHOWN = 20  # of the seeds that differ


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.histories", description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def main() -> int:
    options = arguments()
    os.environ["DJANGO_SETTINGS_MODULE"] = "clinic.settings.test"
    import_module("django").setup()
    begun = time.monotonic()
    tally = import_module("monitoring.tests.random_sessions").run(options.count, options.seed)
    seconds = time.monotonic() - begun
    say(f"{tally.sessions} sessions, judged {tally.judged} times in {seconds:.0f} s")
    say(f"ready {tally.ready} times; too early {len(tally.early)}, too late {len(tally.late)}")
    for name, found in (("too early", tally.early), ("too late", tally.late)):
        for seed, second in found[:SHOWN]:
            say(f"{name}: seed {seed}, second {second}")
    return 1 if tally.early or tally.late else 0


if __name__ == "__main__":
    sys.exit(main())
