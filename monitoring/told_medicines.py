"""New medicines that the patient named before the dose, one by one. Pure."""

import re

_BETWEEN = re.compile(r"[;\n]|,(?!\d)|(?<!\d),")  # a comma inside a number parts nothing


def told_in(text: str) -> list[str]:
    """Return each medicine as it was typed: "tramadol 50 mg, St John's wort" names two."""
    parts = (part.strip(" .") for part in _BETWEEN.split(text))
    return list(dict.fromkeys(part for part in parts if part))
