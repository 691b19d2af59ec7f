"""Which resource of the file a FHIR reference means."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from patients.fhir.decode import Json
from patients.fhir.text import SOURCE_ID

_LONGEST_ADDRESS = SOURCE_ID - len("#weight")  # a part of a panel gets a suffix
_REST = re.compile(
    r"(?:(?P<base>https?://\S+)/)?(?P<type>[A-Za-z]{1,64})/(?P<id>[A-Za-z0-9\-.]{1,64})"
    r"(?:/_history/[A-Za-z0-9\-.]{1,64})?"
)
_SEARCH = re.compile(r"(?P<type>[A-Za-z]{1,64})\?identifier=(?P<system>[^|&]*)\|(?P<value>[^|&]+)")
_URN = re.compile(r"urn:(?:uuid|oid):(?P<id>\S+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One resource of the file, with the address that the bundle gives it."""

    resource: Json
    full_url: str = ""

    @property
    def type(self) -> str:
        return str(self.resource["resourceType"])

    @property
    def id(self) -> str:
        value = self.resource.get("id")
        if isinstance(value, str) and value:
            return value
        match = _URN.fullmatch(self.full_url) or _REST.fullmatch(self.full_url)
        return match["id"] if match else ""

    @property
    def base(self) -> str:
        """The server that the entry came from; empty when the file doesn't say."""
        match = _REST.fullmatch(self.full_url)
        return match["base"] or "" if match else ""

    @property
    def source_id(self) -> str:
        """What names the resource again in a later file: an id is unique only at its server."""
        if not self.id:
            return ""
        name = f"{self.type}/{self.id}"
        address = f"{self.base}/{name}"
        local = _is_uuid(self.id) or not self.base or len(address) > _LONGEST_ADDRESS
        return name if local else address


class References:
    def __init__(self, entries: Iterable[Entry]) -> None:
        self._by_url: dict[str, Entry] = {}
        self._by_id: dict[tuple[str, str], list[Entry]] = defaultdict(list)
        self._by_identifier: dict[tuple[str, str, str], list[Entry]] = defaultdict(list)
        for entry in entries:
            self._add(entry)

    def _add(self, entry: Entry) -> None:
        if entry.full_url:
            self._by_url.setdefault(entry.full_url.lower(), entry)
        self._by_id[entry.type, entry.id].append(entry)
        for system, value in _identifiers(entry.resource):
            self._by_identifier[entry.type, system, value].append(entry)

    def find(self, reference: Any, resource_type: str, *, seen_from: Entry) -> Entry | None:
        """Return the one resource meant, or None: an unclear reference means nobody."""
        entry = self._find(reference, resource_type, seen_from)
        return entry if entry and entry.type == resource_type else None

    def _find(self, reference: Any, resource_type: str, seen_from: Entry) -> Entry | None:
        text = (reference.reference or "").strip()
        if not text:
            return self._logical(reference.identifier, resource_type)
        if exact := self._by_url.get(text.lower()):
            return exact
        if urn := _URN.fullmatch(text):
            return self._only(self._by_id[resource_type, urn["id"]])
        if search := _SEARCH.fullmatch(text):
            return self._only(
                self._by_identifier[search["type"], search["system"], search["value"]]
            )
        if rest := _REST.fullmatch(text):
            return self._at(rest["base"] or seen_from.base, rest["type"], rest["id"])
        return None

    def _at(self, base: str, resource_type: str, resource_id: str) -> Entry | None:
        """The same id at another server is another resource."""
        entries = self._by_id[resource_type, resource_id]
        return self._only([e for e in entries if not base or not e.base or e.base == base])

    def _logical(self, identifier: Any, resource_type: str) -> Entry | None:
        if identifier is None or not identifier.value:
            return None
        key = (resource_type, identifier.system or "", identifier.value)
        return self._only(self._by_identifier[key])

    @staticmethod
    def _only(entries: list[Entry]) -> Entry | None:
        return entries[0] if len(entries) == 1 else None


def _identifiers(resource: Json) -> list[tuple[str, str]]:
    values = resource.get("identifier")
    return [
        (str(each.get("system") or ""), str(each["value"]))
        for each in (values if isinstance(values, list) else ())
        if isinstance(each, dict) and each.get("value")
    ]


def _is_uuid(value: str) -> bool:
    try:
        return len(value) == 36 and bool(UUID(value))
    except ValueError:
        return False
