"""A member of staff at a browser, as far as a server can tell."""

import html
import re
from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import urlencode

from bench.driver import Answer, Line

HOST = "taper.example"  # as in the production settings of ops.checks
NO_HEADERS: Mapping[str, str] = MappingProxyType({})
TOKEN = re.compile(r'(?:name="csrfmiddlewaretoken" value=|"x-csrftoken": )"([^"]+)"')


class SignInError(Exception):
    """The sign-in form didn't let us in."""


class Person:
    """Speaks to one server through the proxy that it expects in front."""

    def __init__(
        self, port: int, cookies: Mapping[str, str] | None = None, *, host: str = HOST
    ) -> None:
        self.port, self.host = port, host
        self.cookies = dict(cookies or {})
        self.token = ""

    def sign_in(self, username: str, password: str) -> None:
        self.read_token(self.get("/accounts/login/"))
        answer = self.post("/accounts/login/", {"login": username, "password": password})
        if answer.status != 302 or "login" in answer.header("Location"):
            raise SignInError(f"HTTP {answer.status} for {username}")
        self.read_token(self.get("/"))

    def read_token(self, answer: Answer) -> None:
        found = TOKEN.search(answer.body.decode())
        if found is None:
            raise SignInError(f"no form on the page: HTTP {answer.status}")
        self.token = html.unescape(found.group(1))

    def get(self, path: str) -> Answer:
        return self._ask(self.request("GET", path))

    def post(self, path: str, fields: Mapping[str, str]) -> Answer:
        return self._ask(self.form(path, fields))

    def form(
        self, path: str, fields: Mapping[str, str], headers: Mapping[str, str] = NO_HEADERS
    ) -> bytes:
        body = urlencode({"csrfmiddlewaretoken": self.token, **fields}).encode()
        kind = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Origin": f"https://{self.host}",
        }
        return self.request("POST", path, body, {**kind, **headers})

    def request(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] = NO_HEADERS
    ) -> bytes:
        lines = {
            "Host": self.host,
            "X-Forwarded-Proto": "https",
            "X-Forwarded-For": "192.0.2.7",
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            **headers,
        }
        if body:
            lines["Content-Length"] = str(len(body))
        head = [f"{method} {path} HTTP/1.1", *(f"{n}: {v}" for n, v in lines.items() if v)]
        return "\r\n".join([*head, "", ""]).encode() + body

    def _ask(self, request: bytes) -> Answer:
        line = Line(self.port)
        answer = line.ask(request)
        line.close()
        for cookie in answer.headers("Set-Cookie"):
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer
