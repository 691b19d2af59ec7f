"""How the other courses went, and who waits for a first one."""

from dataclasses import dataclass

from desk.demo.charts import Email, Standing
from desk.demo.script import Script
from desk.demo.story import Story
from sessions.lifecycle import Status

US, IV, TAPER = "esketamine-trd-us", "ketamine-iv-twice-weekly", "taper"
MDSI = "esketamine-mdsi-us"


@dataclass(frozen=True, slots=True)
class Course:
    story: Story
    email: Email = "agreed"
    own_version: bool = False  # on the practice's own protocol, in a version that is retired now
    died: bool = False


LEFT = Script(
    devices=1,
    ending=Status.LEFT_AGAINST_ADVICE,
    ending_minute=48,
    skipped=frozenset({61, 91}),
    reason="Felt well and would not wait.",
)
TRANSFERRED = Script(
    ending=Status.TRANSFERRED,
    ending_minute=52,
    adverse_event=("Chest pain", "severe"),
    skipped=frozenset({61, 91}),
    reason="Chest pain; ambulance to the emergency department.",
)
NAUSEA = Script(adverse_event=("Nausea", "mild"))
PANIC = Script(adverse_event=("Panic or anxiety", "moderate"))
PEAK = Script(peak=True)
MISSED = Script(skipped=frozenset({41}), missed="Asleep and breathing calmly; not woken.")
OUTSIDE = Script(dose_reasons={2: "Given before the check was written down."})

RIVERSIDE = (
    Course(Story(US, 2)),
    Course(Story(US, 9, undosed={2: Status.NO_SHOW})),
    Course(
        Story(
            US,
            16,
            doses_mg={1: 56, 3: 84},
            undosed={4: Status.CANCELLED},
            scripts={2: NAUSEA, 3: PANIC},
        )
    ),
    Course(Story(US, 25, undosed={5: Status.DEFERRED}, scripts={4: PEAK, 6: MISSED})),
    Course(Story(US, 40, scripts={9: OUTSIDE}), email="unverified"),
    Course(Story(US, 53, undosed={9: Status.LEFT_BEFORE_DOSE}), email="no_consent"),
    Course(Story(US, 100, "2-weekly"), email="withdrawn"),
    Course(Story(US, 92, "weekly", doses_mg={1: 56, 3: 84})),
    Course(Story(US, 142, "2-weekly", doses_mg={1: 56, 2: 84, 11: 56})),
    Course(Story(TAPER, 20)),
    Course(Story(TAPER, 50), own_version=True),
    Course(Story(IV, 8)),
    Course(Story(IV, 34, stopped_days_ago=10)),
    Course(Story(MDSI, 60, stopped_days_ago=25), email="none"),
    Course(
        Story(
            US,
            75,
            stopped_days_ago=40,
            stop_reason="No benefit after four weeks; another treatment was chosen.",
        )
    ),
    Course(
        Story(
            US,
            46,
            scripts={3: TRANSFERRED},
            stopped_days_ago=37,
            stop_reason="Referred to cardiology after the chest pain in session 3.",
        )
    ),
    Course(Story(US, 20, scripts={4: LEFT})),
    Course(Story(US, 64, stopped_days_ago=30, stop_reason="The patient has died."), died=True),
)
HARBOR = (
    Course(Story("esketamine-trd-eu", 12)),
    Course(Story("esketamine-trd-eu", 47, undosed={3: Status.NO_SHOW})),
    Course(Story("esketamine-trd-eu", 90), email="none"),
    Course(Story(IV, 11, undosed={2: Status.CANCELLED})),
)

# Known, but not treated yet.
WAITING = (
    Standing(has_consent=False, screen="none", email="none"),
    Standing(screen="not_cleared"),
    Standing(screen="none"),
    Standing(),
)
# A first course is booked from next week on; one of them has not consented yet.
BOOKED = (Standing(), Standing(has_consent=False), Standing(email="unverified"))
