"""P9 and P10: what a reminder costs, beside a bare loop that scans, sends and marks."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import redis

from bench import sink
from bench.clinic import Clinic, Floor
from bench.report import Row, at_most
from bench.stage import Stage
from ops.environment import ROOT
from ops.terminal import say

FEW = 1000
PAST = 10  # messages sent long ago for each that is due
Numbers = dict[str, float]


@dataclass(frozen=True)
class Post:
    """Taper's sender and the bare one, and the mail server that both speak to."""

    stage: Stage
    clinic: Clinic
    floor: Floor
    port: int

    def make_reachable(self) -> None:
        self._mail("reachable")

    def make_due(self, count: int) -> None:
        self._mail("due", str(count))

    def keep_sent(self, count: int) -> None:
        self._mail("past", str(count))

    def time_scan(self) -> float:
        return self._mail("scan")["ms"]

    def send(self) -> Numbers:
        return self._mail("send")

    def send_bare(self, count: int, octets: int) -> Numbers:
        return self._inside(self.floor, "bench.floor.sender", str(count), str(octets))

    def received(self) -> dict[str, int]:
        return sink.count(self.port)

    def _mail(self, *arguments: str) -> Numbers:
        return self._inside(self.clinic, "bench.inside.mail", *arguments)

    def _inside(self, by: Clinic | Floor, module: str, *arguments: str) -> Numbers:
        mail = {"EMAIL_URL": f"smtp://127.0.0.1:{self.port}", "LOG_LEVEL": "WARNING"}
        numbers: Numbers = self.stage.inside(module, {**by.environment, **mail}, *arguments)
        return numbers


@contextmanager
def open_post(stage: Stage, clinic: Clinic, floor: Floor) -> Iterator[Post]:
    with subprocess.Popen(
        [sys.executable, "-m", "bench.sink"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        try:
            yield Post(stage, clinic, floor, int(server.stdout.readline()))
        finally:
            server.terminate()


def run(post: Post, mails: int) -> list[Row]:
    post.make_reachable()
    post.make_due(FEW)
    few = post.send()
    post.received()
    say(f"sending {mails} mails with one process, with the bare loop, and with two processes")
    return [*_cost(post, mails, few), *_two(post, FEW), _scan(post, mails * PAST)]


def _cost(post: Post, mails: int, few: Numbers) -> list[Row]:
    post.make_due(mails)
    broker = _broker(post.stage)
    many, received = post.send(), post.received()
    in_broker = _broker(post.stage) - broker
    octets = received["octets"] // max(received["mails"], 1)
    bare, sent_bare = post.send_bare(mails, octets), post.received()
    per_mail, per_bare = (each["cpu"] / each["sent"] * 1000 for each in (many, bare))
    complete = received["mails"] == many["sent"] >= mails and sent_bare["mails"] == mails
    beside = f"{octets} octets a mail; {many['sent'] / many['seconds']:.0f}/s"
    beside += f" beside {mails / bare['seconds']:.0f}/s"
    arrived = f"{received['mails']} and {sent_bare['mails']} of {mails} arrived"
    lost = "" if complete else f"; {arrived}"
    return [
        at_most("P9", "sender, CPU of a mail", per_mail, 2.0, "ms", beside + lost),
        Row(
            "P9",
            "the same beside the bare loop",
            f"{per_mail:.2f} ms",
            floor=f"{per_bare:.2f} ms",
            ratio=per_mail / per_bare,
            limit="<= 2",
            met=complete and per_mail <= 2 * per_bare,
        ),
        at_most(
            "P10",
            f"sender's memory, {mails} due beside {FEW}",
            many["rss_mib"] - few["rss_mib"],
            5,
            "MiB more",
            f"{many['rss_mib']:.0f} MiB",
        ),
        at_most("P10", "SMTP connections", received["connections"], mails / 20, "opened"),
        at_most("P10", "keys in the broker for them", in_broker, 0, "keys"),
    ]


def _two(post: Post, mails: int) -> list[Row]:
    post.make_due(mails)
    with ThreadPoolExecutor(2) as pool:
        sent = [pool.submit(post.send) for _ in range(2)]
        shares = [int(each.result()["sent"]) for each in sent]
    received = post.received()
    strays = received["repeated"] + abs(sum(shares) - received["mails"])
    return [at_most("P10", "two senders: mails lost or twice", strays, 0, "mails", f"{shares}")]


def _scan(post: Post, past: int) -> Row:
    """Compare the scan with few rows and with years of rows; the same batch is due in both."""
    post.make_due(FEW)
    few = post.time_scan()
    post.keep_sent(past)
    many = post.time_scan()
    what = f"finding a batch among {past} more that were sent"
    return Row(
        *("P10", what, f"{many:.2f} ms", f"{few:.2f} ms"),
        ratio=many / few,
        limit="<= 1.2",
        met=many <= 1.2 * few,
    )


def _broker(stage: Stage) -> int:
    with redis.Redis.from_url(stage.addresses["REDIS_URL"]) as broker:
        return int(broker.dbsize())
