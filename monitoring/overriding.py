"""What the reason of an override has to say. Pure."""

from clinic.words import explains

SHORTEST_REASON = 10  # characters; an override is read years later


def refusal(reason: str) -> str:
    """Return why a reason doesn't do; empty when it does."""
    if len(reason.strip()) >= SHORTEST_REASON and explains(reason):
        return ""
    least = f"{SHORTEST_REASON} characters or more."
    return f"Say in words why they leave before the gate is met: {least}"
