"""P7: statements of each page, without those that begin and end a transaction."""

import json
from dataclasses import asdict

from bench.clinic import Clinic
from bench.report import Row, at_most
from bench.stage import Stage

MOST = {"poll": 4, "board": 8, "list": 8, "search": 8, "chart": 16, "sheet": 16, "vitals": 10}


def run(stage: Stage, clinic: Clinic) -> list[Row]:
    facts = json.dumps(asdict(clinic.facts))
    found = stage.inside("bench.inside.statements", clinic.environment, facts)
    return [at_most("P7", f"SQL: {name}", found[name], most, "") for name, most in MOST.items()]
