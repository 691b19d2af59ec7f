"""A validated FHIR Patient as PatientData."""

import re
from datetime import date, datetime
from typing import Any

from patients.fhir.coding import ended
from patients.fhir.records import IdentifierData, PatientData, Sex
from patients.fhir.report import Unusable
from patients.fhir.text import (
    EMAIL,
    IDENTIFIER,
    IDENTIFIER_TYPE,
    LANGUAGE,
    NAME,
    PHONE,
    SYSTEM,
    Texts,
    full_day,
    instant,
    tomorrow,
)

_EARLIEST_BIRTH_YEAR = 1900
_SEXES: dict[str, Sex] = {
    "male": "male",
    "female": "female",
    "other": "other",
    "unknown": "unknown",
}
_NAME_ORDER = {"official": 0, "usual": 1, None: 2, "nickname": 3, "temp": 4, "anonymous": 5}
_FORMER = {"old", "maiden"}
_PHONE_ORDER = {"mobile": 0, "home": 1, None: 2, "work": 3, "temp": 4}
_ADDRESS_ORDER = {"home": 0, None: 1, "temp": 2, "work": 3, "billing": 4}
_EMAIL = re.compile(r"[^@\s<>\"]+@[^@\s<>\"]+\.[^@\s<>\"]+")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,3}")
_MASKED = re.compile(r"\*|•|x{3}", re.IGNORECASE)
_TYPE = re.compile(rf"[\w .-]{{1,{IDENTIFIER_TYPE}}}")
_TYPES = "http://terminology.hl7.org/CodeSystem/v2-0203"
_LAST = 99


def patient(resource: Any, source_id: str, *, today: date, texts: Texts) -> PatientData:
    birth_date = _birth_date(resource.birthDate, today)
    current, others = _names(resource.name or [], today)
    family, given = _family_and_given(current, texts)
    phone_point = _contact(resource, ("phone", "sms"), today)
    email_point = _contact(resource, ("email",), today)
    _note_standing(resource, texts)
    return PatientData(
        source_id=source_id,
        identifiers=_identifiers(resource.identifier or [], today, texts),
        family_name=family,
        given_name=given,
        prefix=texts.line(_joined(current.prefix), "name prefix", limit=NAME),
        suffix=texts.line(_joined(current.suffix), "name suffix", limit=NAME),
        other_names=_distinct(texts.line(_whole(name), "other name") for name in others),
        birth_date=birth_date,
        sex=_sex(resource.gender, texts),
        deceased=bool(resource.deceasedBoolean or resource.deceasedDateTime),
        deceased_at=_deceased_at(resource, birth_date, today, texts),
        phone=texts.exact(_bare(phone_point, "tel:"), "phone", limit=PHONE),
        email=_email(_bare(email_point, "mailto:"), texts),
        address=_address(resource.address or [], today, texts),
        language=_language(resource.communication or [], texts),
    )


def _birth_date(value: Any, today: date) -> date:
    day = full_day(value)
    if day is None:
        raise Unusable(
            "the birth date is not a full day (year, month and day). "
            "Ask the sender to complete it, or register the patient by hand"
        )
    if day > tomorrow(today) or day.year < _EARLIEST_BIRTH_YEAR:
        raise Unusable("the birth date is not plausible. Ask the sender to correct it")
    return day


def _names(names: list[Any], today: date) -> tuple[Any, list[Any]]:
    """Return the name in use and the others; a former name serves only when it is the only one."""
    named = [name for name in names if _whole(name)]
    if not named:
        raise Unusable("there is no name. Ask the sender for it, or register the patient by hand")

    def rank(name: Any) -> tuple[bool, int]:
        former = name.use in _FORMER or ended(name.period, today)
        return former, _NAME_ORDER.get(name.use, _LAST)

    current, *others = sorted(named, key=rank)
    return current, others


def _family_and_given(name: Any, texts: Texts) -> tuple[str, str]:
    """The family name always holds something: a single name, or a whole name sent as one text."""
    family = texts.line(name.family, "family name", limit=NAME)
    given = texts.line(_joined(name.given), "given name", limit=NAME)
    if family:
        return family, given
    if given:
        texts.note("name: no family name was sent, so the given name stands in its place")
        return given, ""
    whole = texts.line(name.text, "name", limit=NAME)
    if not whole:
        raise Unusable("the name holds nothing that can be read. Register the patient by hand")
    before, comma, after = whole.partition(",")
    texts.note("name: sent as one text, please check which part is the family name")
    return (before.strip(), after.strip()) if comma and before.strip() else (whole, "")


def _whole(name: Any) -> str:
    parts = _joined([_joined(name.given), name.family])
    return parts or (name.text or "").strip()


def _joined(parts: list[str | None] | None, separator: str = " ") -> str:
    return separator.join(part.strip() for part in parts or [] if part and part.strip())


def _distinct(values: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))


def _sex(gender: str | None, texts: Texts) -> Sex:
    if gender and gender not in _SEXES:
        texts.note("gender: not a value that FHIR R4 knows, taken as unknown")
    return _SEXES.get(gender or "", "unknown")


def _deceased_at(resource: Any, birth_date: date, today: date, texts: Texts) -> datetime | None:
    day = texts.day(resource.deceasedDateTime, "date of death", latest=tomorrow(today))
    if day and day < birth_date:
        texts.note("date of death: left out, it is before the birth date")
        return None
    return instant(resource.deceasedDateTime, day) if day else None


def _note_standing(resource: Any, texts: Texts) -> None:
    if resource.active is False:
        texts.note("record: the sender marks it as no longer active")
    if any(link.type == "replaced-by" for link in resource.link or []):
        texts.note("record: the sender says that another record replaces it")


def _identifiers(values: list[Any], today: date, texts: Texts) -> tuple[IdentifierData, ...]:
    taken: dict[tuple[str, str], IdentifierData] = {}
    for each in values:
        value = texts.exact(each.value, "identifier", limit=IDENTIFIER)
        if not value or each.use == "old" or ended(each.period, today):
            continue
        if _MASKED.search(value):
            texts.note("identifier: left out, it is masked")
            continue
        system = texts.exact(each.system, "identifier system", limit=SYSTEM)
        data = IdentifierData(system, value, _identifier_type(each.type))
        taken.setdefault((system, value), data)
    return tuple(taken.values())


def _identifier_type(value: Any) -> str:
    if value is None:
        return ""
    codings = sorted(value.coding or [], key=lambda each: each.system != _TYPES)
    words = [*(each.code for each in codings), value.text]
    return next((word for word in words if word and _TYPE.fullmatch(word)), "")


def _contact(resource: Any, systems: tuple[str, ...], today: date) -> Any:
    def rank(point: Any) -> tuple[int, int]:
        return _PHONE_ORDER.get(point.use, _LAST), point.rank or _LAST

    points = [
        point
        for point in resource.telecom or []
        if point.system in systems and point.value and point.use != "old"
        if not ended(point.period, today)
    ]
    return min(points, key=rank, default=None)


def _bare(point: Any, scheme: str) -> str:
    return point.value.strip().removeprefix(scheme) if point else ""


def _email(value: str, texts: Texts) -> str:
    address = texts.exact(value, "e-mail", limit=EMAIL)
    if address and not _EMAIL.fullmatch(address):
        texts.note("e-mail: left out, it is not an address")
        return ""
    return address


def _address(addresses: list[Any], today: date, texts: Texts) -> str:
    usable = [each for each in addresses if each.use != "old" and not ended(each.period, today)]
    best = min(usable, key=lambda each: _ADDRESS_ORDER.get(each.use, _LAST), default=None)
    if best is None:
        return ""
    place = _joined([best.state, best.postalCode])
    parts = _joined([*(best.line or []), best.city, place, best.country], ", ")
    return texts.line(parts or best.text, "address")


def _language(communications: list[Any], texts: Texts) -> str:
    chosen = sorted(communications, key=lambda each: not each.preferred)
    for each in chosen:
        for coding in each.language.coding or []:
            code = coding.code or ""
            if len(code) <= LANGUAGE and _LANGUAGE.fullmatch(code):
                return str(code)
    if chosen:
        texts.note("language: no language code was sent")
    return ""
