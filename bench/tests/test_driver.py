import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from bench.driver import Answer, Line, burst
from bench.targets import Page

BODY = b"x" * 200_000


class Server(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/" else 404)
        self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        self.wfile.write(BODY)

    def log_message(self, *args): ...


@pytest.fixture
def port() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever).start()
        yield server.server_port
        server.shutdown()


def request(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()


def test_an_answer_is_read_to_its_end(port):
    line = Line(port)
    assert line.ask(request("/")).body == BODY
    line.close()


def test_a_burst_ends_with_its_number_of_requests(port):
    met = burst(Page(port, [request("/")]), clients=3, seconds=30, requests=10)
    assert (len(met.times), met.wrong) == (10, [])


def test_an_answer_that_was_not_expected_is_told(port):
    met = burst(Page(port, [request("/nowhere")]), clients=1, seconds=30, requests=2)
    assert met.wrong == ["HTTP 404", "HTTP 404"]


def test_nobody_there_is_told_too():
    met = burst(Page(1, [request("/")]), clients=1, seconds=30, requests=2)
    assert met.wrong == ["ConnectionRefusedError"] * 2


def test_headers_are_found_whatever_their_case():
    answer = Answer(200, b"HTTP/1.1 200 OK\r\nset-cookie: a=1\r\nSet-Cookie: b=2", b"")
    assert answer.headers("Set-Cookie") == ["a=1", "b=2"]
    assert answer.header("ETag") == ""
