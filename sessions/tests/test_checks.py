from clinic.ports import Guard
from sessions import checks, ports


def test_every_required_guard_is_answered() -> None:
    assert checks.required_guards_are_answered(None) == []


def test_a_guard_without_an_answer_stops_the_start(monkeypatch) -> None:
    monkeypatch.setattr(ports, "REQUIRED_GUARDS", (Guard("predose"),))
    errors = checks.required_guards_are_answered(None)
    assert [error.id for error in errors] == ["treatment_sessions.E001"]
