"""When `./dev run` says that pages are served."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from ops import run

Serve = Callable[[int, bytes], str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Let a server answer so, and return its address."""
    servers: list[HTTPServer] = []

    def serve(code: int, words: bytes) -> str:
        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(code)
                self.end_headers()
                self.wfile.write(words)

        server = HTTPServer(("127.0.0.1", 0), Answer)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("code", "words", "is_ready"),
    [
        (200, b"ok\n", True),
        (503, b"not ready: no sweep for 604800 s\n", True),
        (503, b"not ready: migrations\n", False),
        (503, b"not ready: database\n", False),
        (502, b"", False),
    ],
)
def test_an_old_sweep_is_no_reason_to_wait(
    serve: Serve, code: int, words: bytes, is_ready: bool
) -> None:
    assert run._is_ready(serve(code, words)) is is_ready


def test_nobody_there_is_not_ready(serve: Serve) -> None:
    assert run._is_ready("http://127.0.0.1:9") is False
