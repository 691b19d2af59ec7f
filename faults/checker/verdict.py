from dataclasses import dataclass, field

SHOWN = 5


@dataclass
class Verdict:
    """One statement, how many cases were looked at, and those that contradict it."""

    key: str
    statement: str
    checked: int = 0
    violations: list[str] = field(default_factory=list)
    note: str = ""

    def look(self, holds: bool, complaint: str) -> None:
        self.checked += 1
        if not holds:
            self.violations.append(complaint)

    @property
    def order(self) -> tuple[bool, int, str]:
        number = "".join(each for each in self.key if each.isdigit())
        return (not self.key.startswith("R"), int(number or 0), self.key)


def table(verdicts: list[Verdict]) -> str:
    width = max(len(verdict.statement) for verdict in verdicts)
    lines = [f"{'':4} {'statement':{width}} {'checked':>8} {'violated':>8}"]
    for verdict in verdicts:
        violated = str(len(verdict.violations)) if verdict.checked else "-"
        note = f"  {verdict.note}" if verdict.note else ""
        lines.append(
            f"{verdict.key:4} {verdict.statement:{width}} {verdict.checked:>8} {violated:>8}{note}"
        )
    for verdict in verdicts:
        lines += [f"{verdict.key:4} {each}" for each in verdict.violations[:SHOWN]]
        if len(verdict.violations) > SHOWN:
            lines.append(f"{verdict.key:4} and {len(verdict.violations) - SHOWN} more")
    return "\n".join(lines)
