"""`./dev run` itself, with a folder and a port of its own."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from ops import places
from ops.environment import ROOT
from ops.tests.test_children import is_gone


def two_free_ports() -> int:
    """Return a port that is free now, and so is the next."""
    for _ in range(50):
        with socket.socket() as one, socket.socket() as next_one:
            one.bind(("127.0.0.1", 0))
            port: int = one.getsockname()[1]
            with suppress(OSError, OverflowError):
                next_one.bind(("127.0.0.1", port + 1))
                return port
    raise OSError("no two free ports in a row")


PORT = two_free_ports()
GIVEN_BY_TESTS = ("DATABASE_URL", "REDIS_URL", "SITE_URL", "EMAIL_URL", "DJANGO_SETTINGS_MODULE")


class House:
    """One `./dev run`, its words in a file."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.said_in = folder, folder / "said"
        self.environment = {k: v for k, v in os.environ.items() if k not in GIVEN_BY_TESTS}
        self.environment |= {"TAPER_VAR": str(folder / "var"), "PORT": str(PORT)}

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def start(self) -> None:
        with self.said_in.open("w") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "ops.run"],
                cwd=ROOT,
                env=self.environment,
                stdout=said,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + 180
        while "Taper is ready" not in self.said:
            assert self.process.poll() is None, self.said
            assert time.monotonic() < deadline, self.said
            time.sleep(0.1)

    @property
    def said(self) -> str:
        return self.said_in.read_text()

    @property
    def address(self) -> str:
        told: dict[str, str] = json.loads((self.folder / "var" / "run.lock").read_text())
        return told["SITE_URL"]

    def family(self) -> list[int]:
        """Return every process below the supervisor."""
        found: list[int] = []
        parents = [self.process.pid]
        while parents:
            children = Path(f"/proc/{parents[0]}/task/{parents[0]}/children").read_text().split()
            found += map(int, children)
            parents = [*parents[1:], *map(int, children)]
        return found


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    """Started while its port is taken by somebody else."""
    house = House(places.temporary_folder(places.service_account()))
    with socket.socket() as somebody:
        somebody.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        somebody.bind(("127.0.0.1", PORT))
        somebody.listen()
        house.start()
    yield house
    if house.process.poll() is None:
        house.process.terminate()
        house.process.wait(60)
    shutil.rmtree(house.folder)


def test_it_takes_the_next_port_and_says_so(house: House) -> None:
    assert house.address == f"http://127.0.0.1:{PORT + 1}"
    assert f"Port {PORT} is taken" in house.said
    assert house.address in house.said


def test_it_serves_the_first_page(house: House) -> None:
    with urllib.request.urlopen(house.address) as page:
        assert page.status == 200
        assert "/accounts/login/" in page.url


def test_it_names_the_demo_sign_ins(house: House) -> None:
    assert "frontdesk, nurse, prescriber, admin, auditor" in house.said
    assert "taper-demo" in house.said


def test_a_second_start_is_refused_with_the_address_of_the_first(house: House) -> None:
    second = house.command("ops.run")
    assert second.returncode == 1
    assert "already running" in second.stdout
    assert house.address in second.stdout


def test_a_management_command_uses_the_running_database(house: House) -> None:
    code = "from clinic.models import Clinic; print('clinics', Clinic.objects.count())"
    assert "clinics 2" in house.command("ops.manage", "shell", "-v0", "-c", code).stdout


def test_manage_py_alone_uses_it_too(house: House) -> None:
    code = "from clinic.models import Clinic; print('clinics', Clinic.objects.count())"
    house.environment.pop("SECRET_KEY", None)
    assert "clinics 2" in house.command("manage", "shell", "-v0", "-c", code).stdout


@pytest.mark.parametrize("given", ["web", "70000"])
def test_what_is_no_port_is_refused_in_words(folder: Path, given: str) -> None:
    house = House(folder)
    house.environment["PORT"] = given
    refused = house.command("ops.run")
    assert refused.returncode == 1
    assert f"PORT is “{given}”" in refused.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's end")
def test_killed_it_leaves_nothing_running_and_starts_again(house: House) -> None:
    family = house.family()
    assert len(family) >= 8
    house.process.kill()
    house.process.wait()
    assert all(is_gone(pid, seconds=20) for pid in family)
    house.start()
    assert house.address == f"http://127.0.0.1:{PORT}"


@pytest.mark.skipif(sys.platform != "linux", reason="reads the list of processes from /proc")
def test_ctrl_c_stops_everything_and_is_no_failure(house: House) -> None:
    family = house.family()
    house.process.send_signal(signal.SIGINT)
    assert house.process.wait(60) == 0
    assert all(is_gone(pid) for pid in family)
    assert house.said.rstrip().endswith("stopped")


def test_a_management_command_starts_the_database_if_nothing_runs(house: House) -> None:
    code = "from clinic.models import User; print(*User.objects.values_list('username'))"
    assert "('nurse',)" in house.command("ops.manage", "shell", "-v0", "-c", code).stdout
