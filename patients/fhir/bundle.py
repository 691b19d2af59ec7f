"""The resources in a file: a bundle of any kind with its entries, or a Patient alone."""

import re
from collections.abc import Iterator
from typing import Any

from patients.fhir.decode import Json, Limits
from patients.fhir.references import Entry
from patients.fhir.report import BundleError, Notice, Skipped

_TYPES = frozenset(
    {
        "batch",
        "batch-response",
        "collection",
        "document",
        "message",
        "searchset",
        "subscription-notification",
        "transaction",
        "transaction-response",
    }
)
_TYPE_NAME = re.compile(r"[A-Z][A-Za-z]{0,63}")


class Contents:
    """Entries in the file's order, and what could not be an entry."""

    def __init__(self, document: Json, limits: Limits) -> None:
        self.entries: list[Entry] = []
        self.skipped: list[Skipped] = []
        self.notices: list[Notice] = []
        self._limits = limits
        resource_type = document.get("resourceType")
        if resource_type == "Patient":
            self.entries.append(Entry(document))
        elif resource_type == "Bundle":
            self._take_bundle(document)
        else:
            raise _not_a_bundle(resource_type)

    def _take_bundle(self, bundle: Json) -> None:
        _check_type(bundle.get("type"))
        if _has_next_page(bundle):
            self._notice(
                "the file is one page of a longer answer; what is on the other pages is not here"
            )
        without_resource = 0
        for entry in _raw_entries(bundle):
            resource = entry.get("resource") if isinstance(entry, dict) else None
            if resource is None:
                without_resource += 1
            else:
                self._take_entry(entry, resource)
        if without_resource:
            self._notice(f"{without_resource} entries hold no resource")

    def _take_entry(self, entry: Json, resource: Any) -> None:
        resource_type = resource.get("resourceType") if isinstance(resource, dict) else None
        if not isinstance(resource_type, str) or not _TYPE_NAME.fullmatch(resource_type):
            self._skip("an entry that is not a FHIR resource")
        elif resource_type == "Bundle":
            self._take_bundle(resource)
        elif _is_deletion(entry):
            self._skip("an entry that asks to delete a resource")
        else:
            full_url = entry.get("fullUrl")
            self.entries.append(Entry(resource, full_url if isinstance(full_url, str) else ""))
        if len(self.entries) + len(self.skipped) > self._limits.entries:
            raise BundleError(
                "too_many_entries",
                f"The file holds more than {self._limits.entries:,} resources. "
                "Ask the sender for one patient per file.",
            )

    def _skip(self, reason: str) -> None:
        self.skipped.append(Skipped("Bundle", "", reason))

    def _notice(self, text: str) -> None:
        self.notices.append(Notice("Bundle", "", text))


def _check_type(bundle_type: Any) -> None:
    if bundle_type == "history":
        raise BundleError(
            "bundle_type",
            "This bundle is a history: it holds old versions of the same records. "
            "Ask the sender for the current record.",
        )
    if not isinstance(bundle_type, str) or bundle_type not in _TYPES:
        raise BundleError(
            "bundle_type",
            "The bundle does not say which kind of FHIR R4 bundle it is. "
            "Ask the sender to export it again.",
        )


def _raw_entries(bundle: Json) -> Iterator[Any]:
    entries = bundle.get("entry", [])
    if not isinstance(entries, list):
        raise BundleError(
            "broken_bundle",
            "The bundle's entries are not a list, so it is broken. "
            "Ask the sender to export it again.",
        )
    yield from entries


def _has_next_page(bundle: Json) -> bool:
    links = bundle.get("link")
    return isinstance(links, list) and any(
        isinstance(link, dict) and link.get("relation") == "next" for link in links
    )


def _is_deletion(entry: Json) -> bool:
    request = entry.get("request")
    return isinstance(request, dict) and request.get("method") == "DELETE"


def _not_a_bundle(resource_type: Any) -> BundleError:
    if not isinstance(resource_type, str) or not _TYPE_NAME.fullmatch(resource_type):
        return BundleError(
            "not_fhir",
            "This JSON file is not a FHIR resource. Ask the sender for a FHIR R4 bundle in JSON.",
        )
    return BundleError(
        "not_a_bundle",
        f"The file holds FHIR of the type {resource_type}, not a patient's record. "
        "Taper reads a FHIR R4 Bundle, or a Patient alone.",
    )
