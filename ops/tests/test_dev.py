import ast
import subprocess
import sys

import pytest

from ops.environment import ROOT


def pins(lock: str) -> set[str]:
    lines = (ROOT / lock).read_text().splitlines()
    return {line.split()[0] for line in lines if "==" in line and line[0] not in " #"}


def dev(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "dev"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_without_a_command_it_says_what_there_is() -> None:
    shown = dev()
    assert shown.returncode == 0
    for command in ("run", "test", "manage", "check", "bench", "faults"):
        assert f"\n  {command} " in shown.stdout


def test_an_unknown_command_is_an_error() -> None:
    assert dev("fly").returncode == 2


def test_an_old_python_can_read_it_far_enough_to_say_that_it_is_too_old() -> None:
    ast.parse((ROOT / "dev").read_text(), feature_version=(3, 7))


@pytest.mark.parametrize(
    ("smaller", "larger"),
    [
        ("requirements.txt", "requirements/embedded.lock"),
        ("requirements/embedded.lock", "requirements/dev.lock"),
    ],
)
def test_the_locks_agree(smaller: str, larger: str) -> None:
    assert pins(smaller) <= pins(larger)
