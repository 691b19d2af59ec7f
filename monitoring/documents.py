"""A JSON document read field by field: each is taken once, and errors are told with their place."""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from typing import Any


class DocumentError(ValueError):
    """What is wrong in the document, and where."""

    def __init__(self, where: str, what: str) -> None:
        super().__init__(f"{where}: {what}")


def moment(text: Any) -> datetime:
    """Read a time with its zone; ValueError says what is wrong with it."""
    try:
        found = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        raise ValueError(f"{text!r} is no time; write it as 2026-11-16T14:05:00-05:00") from None
    if found.utcoffset() is None:
        raise ValueError(f"{text} has no time zone; add one, such as +00:00")
    return found


class Fields:
    """The fields of one object, each taken once; `end` refuses those that nobody took."""

    def __init__(self, data: Any, where: str) -> None:
        if not isinstance(data, dict):
            raise DocumentError(where, "has to be an object with named fields")
        self.left, self.where = dict(data), where
        self.asked: list[str] = []

    def at(self, name: str) -> str:
        return name if self.where == "document" else f"{self.where}.{name}"

    def take(self, name: str, *default: Any) -> Any:
        self.asked.append(name)
        if name not in self.left and not default:
            raise DocumentError(self.at(name), "is missing")
        return self.left.pop(name, *default)

    def end(self) -> None:
        if self.left:
            names = ", ".join(sorted(self.left))
            known = ", ".join(sorted(self.asked))
            raise DocumentError(self.where, f"unknown fields: {names} (known here: {known})")

    def moment(self, name: str, *, required: bool = False) -> Any:
        text = self.take(name) if required else self.take(name, None)
        if text is None and not required:
            return None
        try:
            return moment(text)
        except ValueError as error:
            raise DocumentError(self.at(name), str(error)) from None

    def text(self, name: str, *default: str) -> str:
        value = self.take(name, *default)
        if not isinstance(value, str):
            raise DocumentError(self.at(name), f"{value!r} is no text")
        return value

    def choice(self, name: str, known: Collection[str], *default: str) -> Any:
        value = self.text(name, *default)
        if value not in known and (value,) != default:
            raise DocumentError(self.at(name), f"“{value}” is none of {', '.join(known)}")
        return value

    def flag(self, name: str, default: bool = False) -> bool:
        value = self.take(name, default)
        if not isinstance(value, bool):
            raise DocumentError(self.at(name), f"{value!r} has to be true or false")
        return value

    def texts(self, name: str, default: Collection[str] = ()) -> tuple[str, ...]:
        value = self.take(name, list(default))
        if not isinstance(value, list) or not _all_text(value):
            raise DocumentError(self.at(name), "has to be a list of texts")
        return tuple(value)

    def many(self, name: str, make: Callable[["Fields"], Any]) -> list[Any]:
        rows = self.take(name, [])
        if not isinstance(rows, list):
            raise DocumentError(self.at(name), "has to be a list")
        named = [Fields(row, f"{self.at(name)}[{n}]") for n, row in enumerate(rows)]
        return [self._made(row, make) for row in named]

    def one(self, name: str, make: Callable[["Fields"], Any]) -> Any:
        row = self.take(name, None)
        return None if row is None else self._made(Fields(row, self.at(name)), make)

    @staticmethod
    def _made(found: "Fields", make: Callable[["Fields"], Any]) -> Any:
        made = make(found)
        found.end()
        return made


def words(value: Any, where: str, known: Collection[str]) -> Mapping[str, str]:
    if not isinstance(value, dict) or not _all_text(value.values()):
        raise DocumentError(where, "has to be an object of texts")
    if unknown := value.keys() - set(known):
        names = ", ".join(sorted(known))
        raise DocumentError(where, f"“{min(unknown)}” is none of {names}")
    return value


def _all_text(values: Iterable[Any]) -> bool:
    return all(isinstance(value, str) for value in values)
