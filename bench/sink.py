"""`python -m bench.sink`: a mail server that keeps nothing but numbers.

It prints its port. The word XCOUNT answers what came since the last XCOUNT, as JSON.
"""

import asyncio
import json
import smtplib
from collections import Counter
from dataclasses import dataclass, field
from typing import ClassVar


@dataclass
class Tally:
    mails: int = 0
    octets: int = 0
    connections: int = 0
    ids: Counter[str] = field(default_factory=Counter)

    def told(self) -> str:
        repeated = sum(count - 1 for count in self.ids.values())
        numbers = {
            "mails": self.mails,
            "octets": self.octets,
            "connections": self.connections,
            "repeated": repeated,
        }
        return json.dumps(numbers)


class Session(asyncio.Protocol):
    tally: ClassVar[Tally] = Tally()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport, self.waiting, self.mail = transport, b"", False
        self.sent_any = False
        self._say("220 sink")

    def data_received(self, data: bytes) -> None:
        self.waiting += data
        end = b"\r\n.\r\n" if self.mail else b"\r\n"
        while end in self.waiting:
            part, _, self.waiting = self.waiting.partition(end)
            if self.mail:
                self._take(part)
            else:
                self._hear(part.decode())
            end = b"\r\n.\r\n" if self.mail else b"\r\n"

    def _hear(self, line: str) -> None:
        verb = line[:6].upper().strip()
        if verb == "DATA":
            self.mail = True
            self._say("354 go on")
        elif verb == "XCOUNT":
            self._say(f"250 {Session.tally.told()}")
            Session.tally = Tally()
        elif verb == "QUIT":
            self._say("221 bye")
            self.transport.close()
        else:
            self._say("250 ok")

    def _take(self, mail: bytes) -> None:
        self.mail = False
        head = mail.partition(b"\r\n\r\n")[0].decode(errors="replace")
        lines = (line.partition(":") for line in head.split("\r\n"))
        found = next(
            (value.strip() for name, _, value in lines if name.lower() == "message-id"), ""
        )
        tally = Session.tally
        tally.mails += 1
        tally.octets += len(mail)
        tally.connections += not self.sent_any
        tally.ids[found] += 1
        self.sent_any = True
        self._say("250 taken")

    def _say(self, text: str) -> None:
        self.transport.write(text.encode() + b"\r\n")


def count(port: int) -> dict[str, int]:
    """Ask a running sink for its numbers, and let it begin anew."""
    with smtplib.SMTP("127.0.0.1", port, timeout=10) as line:
        _, answer = line.docmd("XCOUNT")
    numbers: dict[str, int] = json.loads(answer)
    return numbers


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Session, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
