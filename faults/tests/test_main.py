import sys

import pytest

from faults.__main__ import arguments


@pytest.mark.parametrize("what", ["restore", "sweep-points"])
@pytest.mark.parametrize(
    "option", [["--seed", "1"], ["--small"], ["--kills-only"], ["--messages", "9"]]
)
def test_an_option_that_would_change_nothing_is_refused(what, option, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["faults", what, *option])
    with pytest.raises(SystemExit):
        arguments()
    assert f"{what} has no seed and one size" in capsys.readouterr().err


def test_what_has_one_size_may_still_be_kept(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["faults", "restore", "--keep"])
    assert arguments().keep
