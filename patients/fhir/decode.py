"""From bytes to a JSON object, within limits and in bounded time."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Never

from patients.fhir.report import BundleError

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Limits:
    file_bytes: int = 10_000_000
    depth: int = 64
    values: int = 600_000  # commas and opening brackets: what a parsed file costs in memory
    entries: int = 20_000


_UTF8_BOM = b"\xef\xbb\xbf"
_OTHER_UNICODE = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")
_COMPRESSED = (b"PK\x03\x04", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf", b"\x28\xb5\x2f\xfd")


def decode(data: bytes, limits: Limits) -> Json:
    """Return the JSON object in the file, or raise BundleError in words for the user."""
    _check_size(data, limits)
    text = _text(data)
    _check_count(data, limits)
    document = _parse(text)
    _check_depth(document, limits)
    if not isinstance(document, dict):
        raise BundleError(
            "not_fhir",
            "This JSON file is not a FHIR resource. Ask the sender for a FHIR R4 bundle in JSON.",
        )
    return document


def _check_size(data: bytes, limits: Limits) -> None:
    if not data.strip():
        raise BundleError("empty", "The file is empty. Ask the sender to export it again.")
    if len(data) > limits.file_bytes:
        megabytes = limits.file_bytes / 1_000_000
        raise BundleError(
            "too_large",
            f"The file is larger than {megabytes:g} MB. Ask the sender for one patient per file, "
            "without images and attachments.",
        )


def _text(data: bytes) -> str:
    if data.startswith(_COMPRESSED):
        raise BundleError(
            "compressed", "The file is compressed. Unpack it and choose the JSON file inside."
        )
    if data.startswith(_OTHER_UNICODE) or b"\x00" in data[:4]:
        raise BundleError(
            "encoding", "The file is in UTF-16 or another encoding. Save it as UTF-8 and try again."
        )
    try:
        text = data.removeprefix(_UTF8_BOM).decode()
    except UnicodeDecodeError:
        raise BundleError(
            "encoding", "The file is not in UTF-8. Save or export it as UTF-8 and try again."
        ) from None
    if text.lstrip().startswith("<"):
        raise BundleError(
            "xml", "This looks like XML or a web page. Taper reads FHIR R4 in JSON: ask for JSON."
        )
    return text


def _check_count(data: bytes, limits: Limits) -> None:
    """Count before parsing: small values cost far more memory parsed than in the file."""
    if sum(data.count(mark) for mark in (b",", b"{", b"[")) > limits.values:
        raise BundleError(
            "too_many_values",
            "The file holds more values than Taper reads at once. Ask for one patient per file.",
        )


def _check_depth(document: Any, limits: Limits) -> None:
    level = [document]
    for _ in range(limits.depth):
        level = [child for value in level for child in children(value)]
        if not level:
            return
    raise _too_deep()


def children(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _too_deep() -> BundleError:
    return BundleError(
        "too_deep",
        "The file is nested far more deeply than FHIR needs. Ask the sender to export it again.",
    )


def _parse(text: str) -> Any:
    try:
        return json.loads(
            text,
            object_pairs_hook=_object,
            parse_float=Decimal,
            parse_constant=_refuse_constant,
        )
    except json.JSONDecodeError as error:
        raise _syntax_error(text, error) from None
    except RecursionError:
        raise _too_deep() from None
    except (ValueError, ArithmeticError):
        raise _bad_number() from None


def _object(pairs: list[tuple[str, Any]]) -> Json:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise BundleError(
            "duplicate_key",
            "An object in the file gives the same element twice, so its meaning is not certain. "
            "Ask the sender to export it again.",
        )
    return result


def _refuse_constant(_name: str) -> Never:
    raise _bad_number()


def _bad_number() -> BundleError:
    return BundleError(
        "bad_number",
        "The file holds a number that JSON does not allow, such as NaN or Infinity. "
        "Ask the sender to export it again.",
    )


def _syntax_error(text: str, error: json.JSONDecodeError) -> BundleError:
    rest = text[error.pos :].lstrip()
    if error.msg == "Extra data" and rest.startswith("{"):
        return BundleError(
            "ndjson",
            "The file holds several JSON documents (NDJSON, a bulk export). "
            "Taper reads one bundle per file: ask for a FHIR R4 bundle in JSON.",
        )
    if not rest:
        return BundleError(
            "not_json", "The file ends in the middle. Ask for it again or download it once more."
        )
    return BundleError(
        "not_json",
        f"The file is not valid JSON (line {error.lineno}). Taper reads FHIR R4 bundles in JSON.",
    )
