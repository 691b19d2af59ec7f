"""What this very process has used since a moment."""

import os
import time

from bench import proc


class Usage:
    def __init__(self) -> None:
        self.cpu, self.clock = time.process_time(), time.perf_counter()

    def since(self) -> dict[str, float]:
        return {
            "cpu": time.process_time() - self.cpu,
            "seconds": time.perf_counter() - self.clock,
            "rss_mib": proc.rss_mib(os.getpid()),
        }
