"""The rows of everybody who is here, found by what they belong to."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime

from clinic.models import Clinic
from clinic.times import day_bounds
from desk import present_rows
from desk.json_rows import Row, moment
from desk.present_parts import OF
from monitoring.models import PreDosePolicy
from monitoring.readings import Settings
from patients.models import ScreenPolicy
from sessions.models import DosingPolicy

MOST = 100  # more than any clinic seats; the page says so when it is reached


class House:
    """The rows of everybody who is here, found by the session, patient or chair they belong to."""

    def __init__(self, clinic: Clinic, now: datetime, *, on_site: bool) -> None:
        self.clinic, self.on_site = clinic, on_site
        self.today = now.astimezone(clinic.zone).date()
        begin, end = day_bounds(clinic, self.today, self.today)
        rows = present_rows.read(clinic.pk, begin, end, MOST)
        self.people: list[Row] = rows["here"]
        self.settings, self.rest_minutes = _settings(rows["template"], rows["check"])
        self.stays = _one_each(rows["stay"], OF)
        self.vitals = _by(rows["vitals"], OF)
        self.given = _by(rows["given"], OF)
        self.stops = _by(rows["stop"], OF)
        self.missed = _by(rows["missed"], OF)
        self.other_medicines = _by(rows["other_medicine"], OF)
        wrong = (rows[name] for name in ("wrong_vitals", "wrong_dose", "wrong_medicine"))
        self.withdrawn = _by([row for found in wrong for row in found], OF)
        self.events = _by(rows["event"], OF)
        self.events_written = _by(rows["event_written"], OF)
        self.no_better = {row["event_id"]: row["id"] for row in rows["no_better"]}
        self.emergencies = _by(rows["emergency"], OF)
        self.panics = _by(rows["panic"], OF)
        self.serotonin = _one_each(rows["serotonin"], OF)
        self.escorts = _by(rows["escort"], OF)
        self.oxygen = _by(rows["oxygen"], OF)
        self.way_home = _by(rows["way_home"], OF)
        self.acknowledged = _by(rows["acknowledged"], OF)
        self.watches = _by(rows["watch"], OF)
        self.assessments = _one_each(rows["assessment"], OF)
        self.checks = _one_each(rows["predose_check"], OF)
        self.policy = PreDosePolicy(**next(iter(rows["policy"]), {}))
        self.weight_days = DosingPolicy(**next(iter(rows["dosing"]), {})).weight_days
        self.privates = _one_each(rows["private"], "of_patient")
        self.weights = _one_each(rows["weight"], "of_patient")
        self.zone = clinic.zone
        self.consents = _one_each(rows["consent"], "patient_id")
        self.screens = _one_each(rows["screen"], "patient_id")
        self.reasks = ScreenPolicy(**next(iter(rows["screen_policy"]), {})).reasks
        self.conditions = _by(rows["condition"], "patient_id")
        self.medicines = _by(rows["medicine"], "patient_id")
        self.allergies = _by(rows["allergy"], "patient_id")
        self.reviews = _by(rows["review"], "patient_id")
        self.orders = _one_each(rows["order"], "course_id")
        self.enrolments = _one_each(rows["enrolment"], "patient_id")
        self.certification = next(iter(rows["certification"]), None)
        self.rems_prescribers = _one_each(rows["rems_prescriber"], "person_id")
        self.bookings = _by(rows["booking"], "chair_id")

    def day_of(self, text: str) -> date:
        """Return the clinic's day of a moment."""
        return moment(text).astimezone(self.zone).date()


def _by(rows: list[Row], key: str) -> Mapping[int, list[Row]]:
    found: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        found[row[key]].append(row)
    return found


def _one_each(rows: list[Row], key: str) -> Mapping[int, Row]:
    return {row[key]: row for row in rows}


def _settings(
    templates: list[Row], checks: list[Row]
) -> tuple[dict[int, Settings], dict[int, int]]:
    """Return the numbers of each protocol, and its minutes between two devices."""
    settings, rest = {}, {}
    of_protocol = _by(checks, "protocol_id")
    for row in templates:
        values = dict(row)
        protocol = values.pop("protocol_id")
        rest[protocol] = values.pop("rest_between_devices_minutes")
        settings[protocol] = Settings.from_mapping({**values, "checks": of_protocol[protocol]})
    return settings, rest
