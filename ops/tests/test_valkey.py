import os
import signal
from pathlib import Path

import redis

from ops.valkey import Valkey


def test_what_was_queued_is_there_after_a_kill(folder: Path) -> None:
    server = Valkey(folder / "valkey", log=folder / "log")
    server.start()
    redis.Redis.from_url(server.url).rpush("queue", "sweep")
    assert server.child
    os.kill(server.child.process.pid, signal.SIGKILL)
    server.child.process.wait()
    server.start()
    assert redis.Redis.from_url(server.url).lrange("queue", 0, -1) == [b"sweep"]
    server.stop()


def test_its_socket_is_for_its_own_account_only(folder: Path) -> None:
    server = Valkey(folder / "valkey", log=folder / "log", durable=False)
    server.start()
    assert server.socket_path.stat().st_mode & 0o777 == 0o700
    assert server.sockets.stat().st_mode & 0o777 == 0o700
    server.stop()
