"""A closed loop of clients over plain sockets, cheap enough that the servers set the pace."""

import itertools
import socket
import threading
import time
from dataclasses import dataclass, field
from typing import Protocol

PATIENCE = 30.0  # seconds for one answer


class Target(Protocol):
    """What is asked for, again and again."""

    @property
    def port(self) -> int: ...

    def request(self) -> bytes: ...

    def accept(self, answer: "Answer") -> bool: ...


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    head: bytes
    body: bytes

    def header(self, name: str) -> str:
        return next(iter(self.headers(name)), "")

    def headers(self, name: str) -> list[str]:
        wanted = name.lower()
        pairs = (line.partition(b":") for line in self.head.split(b"\r\n")[1:])
        return [v.strip().decode() for n, _, v in pairs if n.decode().lower() == wanted]


class Line:
    """One client's connection, opened again when the server has closed it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.socket: socket.socket | None = None

    def ask(self, request: bytes) -> Answer:
        kept = self.socket is not None
        try:
            return self._ask(request)
        except ConnectionError:
            self.close()
            if not kept:
                raise
            return self._ask(request)

    def _ask(self, request: bytes) -> Answer:
        if self.socket is None:
            self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(request)
        answer = self._answer(self.socket)
        if answer.header("Connection").lower() == "close":
            self.close()
        return answer

    def _answer(self, line: socket.socket) -> Answer:
        received = b""
        while b"\r\n\r\n" not in received:
            received += _some(line)
        head, _, body = received.partition(b"\r\n\r\n")
        answer = Answer(int(head[9:12]), head, body)
        parts, missing = [body], int(answer.header("Content-Length") or 0) - len(body)
        while missing > 0:
            parts.append(_some(line))
            missing -= len(parts[-1])
        return Answer(answer.status, head, b"".join(parts))

    def close(self) -> None:
        if self.socket is not None:
            self.socket.close()
            self.socket = None


def _some(line: socket.socket) -> bytes:
    data = line.recv(65536)
    if not data:
        raise ConnectionError("the server closed the connection")
    return data


@dataclass
class Burst:
    """What a group of clients met within one turn."""

    times: list[float] = field(default_factory=list)  # seconds, one per answer
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0


def burst(target: Target, *, clients: int, seconds: float, requests: int) -> Burst:
    """Ask until the time is over or the number is reached, whatever comes first."""
    result, tickets = Burst(), itertools.count()
    begun = time.perf_counter()

    def client() -> None:
        line = Line(target.port)
        while next(tickets) < requests and time.perf_counter() - begun < seconds:
            _once(target, line, result)
        line.close()

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    result.seconds = time.perf_counter() - begun
    return result


def _once(target: Target, line: Line, result: Burst) -> None:
    request = target.request()
    asked = time.perf_counter()
    try:
        answer = line.ask(request)
    except OSError as error:
        result.wrong.append(type(error).__name__)
        line.close()
        return
    result.times.append(time.perf_counter() - asked)
    if not target.accept(answer):
        result.wrong.append(f"HTTP {answer.status}")
