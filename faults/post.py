"""`python -m faults.post FOLDER PORT`: a mail server that misbehaves as the file `phase` says.

What it takes stands in `mail.jsonl` before it answers, with the moment when DATA began.
"""

import asyncio
import json
import os
import random
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

OK, SLOW, BUSY, LOST, TARPIT = "ok", "slow", "busy", "lost", "tarpit"
REFUSED = "refused"  # an address that begins like this is never accepted
SLOW_SECONDS, TARPIT_SECONDS = (0.3, 1.2), 9.0
BUSY_SHARE, LOST_SHARE, TARPIT_SHARE = 0.3, 0.3, 0.02


@dataclass(frozen=True)
class Phase:
    """How the server behaves until the next phase."""

    mode: str = OK

    def write(self, folder: Path) -> None:
        fresh = folder / "phase.new"
        fresh.write_text(json.dumps(asdict(self)))
        fresh.rename(folder / "phase")

    @classmethod
    def read(cls, folder: Path) -> "Phase":
        try:
            return cls(**json.loads((folder / "phase").read_text()))
        except FileNotFoundError:
            return cls()


class Log:
    """Lines that stand before anything is answered, and survive whoever writes them."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def write(self, *, synced: bool = False, **line: Any) -> None:
        os.write(self._file, json.dumps(line).encode() + b"\n")
        if synced:
            os.fsync(self._file)


class Server:
    def __init__(self, folder: Path) -> None:
        self.folder, self.log = folder, Log(folder / "mail.jsonl")
        self.begun = 0
        self.chance = random.Random(os.getpid())

    def next_key(self) -> str:
        self.begun += 1
        return f"{os.getpid()}-{self.begun}"

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = Talk(self, reader, writer)
        try:
            await talk.run()
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            talk.quit = False
        finally:
            self.log.write(closed=talk.key, at=time.time(), quit=talk.quit)
            writer.close()


class HangUpError(OSError):
    """The connection ends now, without a word."""


class Talk:
    """One connection."""

    def __init__(
        self, server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.server, self.reader, self.writer = server, reader, writer
        self.key, self.quit, self.recipients = server.next_key(), False, list[str]()

    async def run(self) -> None:
        await self._say("220 post")
        while not self.quit:
            line = (await self.reader.readuntil(b"\r\n")).decode(errors="replace").strip()
            verb = line[:4].upper()
            if verb == "RCPT":
                await self._recipient(line.partition("<")[2].partition(">")[0])
            elif verb == "DATA":
                await self._data()
            elif verb == "QUIT":
                self.quit = True
                await self._say("221 bye")
            else:
                if verb in {"MAIL", "RSET"}:
                    self.recipients = []
                await self._say("250 ok")

    async def _say(self, text: str) -> None:
        self.writer.write(text.encode() + b"\r\n")
        await self.writer.drain()

    async def _recipient(self, address: str) -> None:
        refusal = self._refusal(address)
        if refusal:
            self.server.log.write(refused=address, code=refusal, at=time.time())
            await self._say(f"{refusal} no")
            if refusal == 421:
                raise HangUpError
            return
        self.recipients.append(address)
        await self._say("250 ok")

    def _refusal(self, address: str) -> int:
        if address.startswith(REFUSED):
            return 550
        is_busy = Phase.read(self.server.folder).mode == BUSY
        if is_busy and self.server.chance.random() < BUSY_SHARE:
            return self.server.chance.choice((421, 450))
        return 0

    async def _data(self) -> None:
        began, mode = time.time(), Phase.read(self.server.folder).mode
        await self._say("354 go on")
        mail = await self.reader.readuntil(b"\r\n.\r\n")
        code, mode = self._answer(mode)
        key = self.server.next_key()
        if mode == SLOW:
            await asyncio.sleep(self.server.chance.uniform(*SLOW_SECONDS))
        self.server.log.write(
            synced=True,
            mail=key,
            connection=self.key,
            began=began,
            at=time.time(),
            recipients=self.recipients,
            code=code,
            mode=mode,
            text=mail[:-5].decode("latin-1"),
        )
        if mode == LOST:
            self.writer.transport.abort()
            raise HangUpError
        answer = f"{code} {'taken' if code == 250 else 'later'}"
        if mode == TARPIT:
            await self._drip(answer)
        else:
            await self._say(answer)
        self.server.log.write(answered=key, at=time.time())

    def _answer(self, mode: str) -> tuple[int, str]:
        """Return what this mail is answered with, and how."""
        chance = self.server.chance.random()
        if mode == BUSY:
            return (451 if chance < BUSY_SHARE else 250), OK
        if mode == LOST:
            return 250, LOST if chance < LOST_SHARE else OK
        if mode == TARPIT:
            return 250, TARPIT if chance < TARPIT_SHARE else OK
        return 250, mode

    async def _drip(self, answer: str) -> None:
        for byte in answer.encode() + b"\r\n":
            self.writer.write(bytes([byte]))
            await self.writer.drain()
            await asyncio.sleep(TARPIT_SECONDS)


async def main(folder: Path, port: int) -> None:
    server = Server(folder)
    listener = await asyncio.start_server(server.talk, "127.0.0.1", port, limit=2**22)
    print(listener.sockets[0].getsockname()[1], flush=True)
    await listener.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
