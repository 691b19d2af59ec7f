"""`python -m bench.races`: many book one chair at once, round after round; each has one winner."""

import argparse
import os
import shutil
import sys
from importlib import import_module

from ops import places
from ops.errors import ServiceError
from ops.services import Services
from ops.terminal import say


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.races", description=__doc__)
    parser.add_argument("--threads", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=200)
    return parser.parse_args()


def main() -> int:
    options = arguments()
    folder = places.temporary_folder(places.service_account())
    services = Services(folder, durable=False)
    try:
        services.start()
        os.environ["DJANGO_SETTINGS_MODULE"] = "clinic.settings.test"
        import_module("django").setup()
        return int(import_module("bench.inside.races").run(options.threads, options.rounds))
    except ServiceError as error:
        say(str(error))
        return 1
    finally:
        services.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
