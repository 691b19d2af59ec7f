"""What a correction after the filing changed."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from monitoring.rems.form import Form

# What says where and by whom, not what happened: a change of it leaves a filed form as it is.
AROUND = frozenset({"provider", "setting"})


class Change(NamedTuple):
    label: str
    filed: str
    now: str


def changes(filed: Iterable[Mapping[str, str]], form: Form) -> tuple[Change, ...]:
    """Say what a correction after the filing changed."""
    was = {row["key"]: row for row in filed if row["part"] not in AROUND}
    now = {f.key: f for part in form.parts if part.key not in AROUND for f in part.fields}
    found = []
    for key in dict.fromkeys([*was, *now]):
        before = was[key]["value"] if key in was else ""
        after = now[key].value if key in now else ""
        if before != after:
            label = now[key].label if key in now else was[key]["label"]
            found.append(Change(label, before or "missing", after or "missing"))
    return tuple(found)
