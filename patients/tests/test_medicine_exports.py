"""Medicines as other systems export them: long tables, each read in one test that tells all."""

from collections.abc import Iterator
from pathlib import Path

from patients.medicines import interactions
from patients.medicines.explain import status
from patients.medicines.interactions import Context
from patients.medicines.resolver import resolve

DATA = Path(__file__).parent / "data"
NASAL = Context("esketamine", "nasal")
STATES = {"look": "unresolved", "spelling": "uncertain"}


def lines(file: str) -> list[str]:
    text = (DATA / file).read_text("utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def classes() -> Iterator[tuple[set[str], str]]:
    """Every name with the classes of which it has to have one."""
    wanted: set[str] = set()
    for line in lines("medicine_classes.txt"):
        if line.endswith(":"):
            wanted = {each.strip() for each in line.rstrip(":").split(",")}
        else:
            yield from ((wanted, name.strip()) for name in line.split(",") if name.strip())


def test_no_name_of_a_class_is_missed():
    named = list(classes())
    wrong = [
        (name, sorted(wanted), sorted(reading.classes))
        for wanted, name in named
        for reading in [resolve(name)]
        if not reading.classes & wanted or status(reading) != "understood"
    ]
    assert len(named) > 1000
    assert wrong == []


def test_a_line_of_an_export_is_read_as_a_pharmacist_would():
    rows = [
        [part.strip() for part in line.rsplit("|", 2)] for line in lines("medicine_exports.txt")
    ]
    wrong = [(row, found) for row in rows if (found := _wrong(*row))]
    assert len(rows) > 600
    assert wrong == []


def _wrong(text: str, ingredients: str, marks: str) -> list[str]:
    reading = resolve(text)
    found = sorted(each.name for each in reading.taken)
    said = {each.strip() for each in marks.split(",") if each.strip()}
    state = next((STATES[each] for each in STATES if each in said), "understood")
    wrong = (
        [] if found == [n.strip() for n in ingredients.split(",") if n.strip()] else [str(found)]
    )
    if status(reading) != state:
        wrong.append(status(reading))
    if "benign" in said and (alerts := interactions.evaluate([reading], NASAL)):
        wrong += [each.rule.id for each in alerts]
    for each in said - {"benign", *STATES}:
        is_barred = each.startswith("-")
        if (each.removeprefix("-") in reading.classes) == is_barred:
            wrong.append(each)
    return wrong


def test_a_name_of_many_products_is_never_read_as_the_plainest():
    """Remedies whose longer name has more in it, where that longer name isn't known."""
    for text in ("Delsym Night", "Robitussin Plus", "Advil Multi", "Claritin Cold", "Motrin Sinus"):
        reading = resolve(text)
        assert {each.doubt.value for each in reading.unresolved} >= {"product"}, text
    for text in ("Tylenol Extra Strength", "Motrin 8 pm", "Zyrtec daily", "ibuprofen pm prn"):
        assert "product" not in {each.doubt.value for each in resolve(text).unresolved}, text


def test_a_class_in_words_beside_its_member_is_no_second_medicine():
    reading = resolve("venlafaxine (SNRI)")
    assert [each.name for each in reading.taken] == ["venlafaxine"]
    assert status(reading) == "understood"
    assert len(resolve("venlafaxine and an opioid").taken) == 2


def test_what_a_medicine_is_for_is_not_taken():
    for text in ("naltrexone for alcohol use disorder", "disulfiram (alcohol dependence)"):
        assert "alcohol" not in resolve(text).classes, text
        assert status(resolve(text)) == "understood", text
    for text in ("naltrexone, alcohol abuse", "alcohol use disorder", "for alcohol withdrawal"):
        assert "alcohol" in resolve(text).classes, text


def test_what_was_stopped_is_named_as_former():
    assert resolve("switched from Zoloft to Nardil").former == ("Zoloft",)
    assert resolve("stopped Xanax").former == ("Xanax",)
    assert resolve("never took Xanax").former == ()


def test_a_stopped_mao_inhibitor_counts_until_its_two_weeks_are_over():
    still = ("stopped Nardil", "Nardil, stopped 13 days ago", "was on Parnate", "d/c'd Zyvox")
    over = ("Nardil (stopped 2019)", "Parnate stopped 3 weeks ago")
    never = ("allergic to Nardil", "never on Parnate", "plan to start Nardil")
    for text in still:
        assert resolve(text).classes & {"maoi", "linezolid"}, text
    for text in (*over, *never, "stopped Zoloft"):
        assert resolve(text).classes == frozenset(), text
    why = "Nardil: stopped, date unknown. It counts as current until it is dated."
    assert [each.why for each in resolve("stopped Nardil").unresolved] == [why]
