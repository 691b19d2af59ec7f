import smtplib
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from faults.checker.reading import lines
from faults.post import BUSY, LOST, Phase
from ops.environment import ROOT

MAIL = "Message-ID: <one@here>\r\nSubject: Hello\r\n\r\nHello\r\n"


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    command = [sys.executable, "-m", "faults.post", str(tmp_path), "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield int(server.stdout.readline())
        server.kill()


def send(port: int, to: str = "ada@mail.example") -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=5) as line:
        line.sendmail("clinic@here", [to], MAIL)


def taken(folder: Path) -> list[dict]:
    return [line for line in lines(folder / "mail.jsonl") if "mail" in line]


def test_what_it_takes_is_written_down_with_its_beginning_and_its_end(port, tmp_path):
    send(port)
    (mail,) = taken(tmp_path)
    assert mail["recipients"] == ["ada@mail.example"]
    assert mail["code"] == 250
    assert mail["began"] <= mail["at"]
    assert "Subject: Hello" in mail["text"]
    assert any(line.get("answered") == mail["mail"] for line in lines(tmp_path / "mail.jsonl"))
    ends = time.monotonic() + 5
    while not (closed := [line for line in lines(tmp_path / "mail.jsonl") if "closed" in line]):
        assert time.monotonic() < ends
    assert (closed[0]["closed"], closed[0]["quit"]) == (mail["connection"], True)


def test_some_addresses_are_refused_for_good(port, tmp_path):
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        send(port, "refused1@mail.example")
    assert refused.value.recipients["refused1@mail.example"][0] == 550
    assert taken(tmp_path) == []


def test_it_takes_a_mail_and_loses_the_answer(port, tmp_path):
    Phase(LOST).write(tmp_path)
    ends = []
    for _ in range(30):
        try:
            send(port)
        except smtplib.SMTPServerDisconnected:
            ends.append("lost")
        else:
            ends.append("ok")
    modes = ["lost" if mail["mode"] == LOST else "ok" for mail in taken(tmp_path)]
    assert modes == ends
    assert "lost" in ends


def test_it_is_busy_at_the_recipient_or_at_the_end(port, tmp_path):
    Phase(BUSY).write(tmp_path)
    codes = set()
    for _ in range(60):
        try:
            send(port)
        except smtplib.SMTPRecipientsRefused as error:
            codes |= {code for code, _ in error.recipients.values()}
        except smtplib.SMTPResponseException as error:
            codes.add(error.smtp_code)
    assert codes == {421, 450, 451}
