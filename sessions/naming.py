"""How a session is named: by its place in its phase."""


def step_label(phase: str, number_in_phase: int, count: int | None) -> str:
    """Say "Induction 3 of 8", or "Maintenance 5" where the phase has no end."""
    return f"{phase} {number_in_phase} of {count}" if count else f"{phase} {number_in_phase}"
