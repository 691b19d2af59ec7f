"""Another medicine of a visit, on the board as in the services."""

from desk import present, seats
from monitoring.services import history, medicines
from monitoring.services.medicines import Given
from monitoring.tests.visits import Visit


def test_the_board_judges_by_the_same_medicines(visit: Visit) -> None:
    visit.be_monitored()
    visit.pass_time()
    visit.settle()
    given = Given("Lorazepam", "benzodiazepine", "1 mg", "oral", visit.prescriber, "Panic")
    row = medicines.record(visit.pk, given, by=visit.nurse)
    wrong = medicines.record(visit.pk, given, by=visit.nurse)
    visit.clock.forward(minutes=16)
    medicines.correct(wrong, given, "Typed twice", by=visit.nurse, entered_in_error=True)
    (shown,) = present.present(visit.patient.clinic, visit.clock.now, None)
    known = history.load(visit.fresh())
    assert shown.history == known.history
    assert [one.id for one in shown.history.medicines] == [row.pk]
    card = seats.seat(shown, visit.clock.now)
    assert card.standing == known.gate(visit.clock.now)
    assert card.next_words == "After Lorazepam 1 mg"
