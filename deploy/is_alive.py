"""Exit 0 if the web process beside us lives: the container's health check.

Not `/readyz`: a web process is not to be replaced because the worker has stopped.
"""

import os
import sys
import urllib.request

# An address of our own, whatever its scheme: nobody else sets it.
ADDRESS = os.environ.get("HEALTH_URL", "http://127.0.0.1:8000/healthz")


def main() -> int:
    host = os.environ["ALLOWED_HOSTS"].split(",")[0]
    request = urllib.request.Request(ADDRESS, headers={"Host": host})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=8) as answer:  # noqa: S310
            return 0 if answer.status == 200 else 1
    except OSError as error:
        print(error)
        return 1


if __name__ == "__main__":
    sys.exit(main())
