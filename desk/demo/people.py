"""Invented people: no name, number or address here belongs to anybody."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

# given name, family name, sex, age
ROSTER = """
    Amara Okonjo-Hale f 34; Tobias Renner m 41; Mei-Lin Castellan f 29; Rafael Quintero m 52
    Ingrid Solvang f 67; Dmitri Vashenko m 38; Priya Raghunath f 45; Owen Tallis m 23
    Leila Farahzad f 31; Mateus Barbosa m 58; Hanna Lindqvist f 72; Kwame Adeyemi m 36
    Sofía Belmonte f 27; Jonas Ehrlicher m 49; Aiko Tanemura f 33; Bruno Castagna m 66
    Niamh Kerrigan f 39; Yusuf Demirel m 44; Clara Weidemann f 55; Tariq Benhaddou m 30
    Elodie Marchetti f 48; Samuel Okafor-Reid m 26; Marta Kowalczyk f 61; Luca Ferrandino m 35
    Noor El-Sayegh f 22; Henrik Dalgaard m 53; Zuzana Horvatová f 42; Caleb Whitmarsh m 37
    Ayesha Mirza-Khan f 28; Viktor Stanislavov m 70; Beatriz Noronha f 46; Elias Grünfeld m 32
    Thandi Mokoena f 40; Pedro Valcárcel m 63; Renate Oberhuber f 76; Isaac Lambrecht m 25
    Fiona MacAuslan f 51; Arjun Subramani m 43; Greta Nyström f 19; Desmond Pruitt m 57
    Yara Haddadin f 36; Anton Reichelt m 29; Carmen Ibarrola f 68; Nils Abrahamsen m 47
    Ruth Adlington f 54; Emeka Nwosu-Bright m 33; Ludmila Petránková f 59; Jasper Holloway m 21
    Saskia van der Meij f 38; Omar Zeitoun m 50; Pilar Echeverri f 30; Gustav Lillehammer m 78
    Dana Rosenquist f 44; Milan Jurković m 27; Adaeze Umeh f 35; Felix Brandauer m 40
    Oksana Melnychuk f 49; Théo Garrigues m 24; Ivy Chalmers f 16; Walter Steinbrecher m 74
"""

CONDITIONS = (
    ("Recurrent major depressive disorder, severe", "F33.2"),
    ("Major depressive disorder, single episode, severe", "F32.2"),
    ("Generalized anxiety disorder", "F41.1"),
    ("Post-traumatic stress disorder", "F43.10"),
    ("Essential hypertension", "I10"),
    ("Hypothyroidism", "E03.9"),
    ("Migraine without aura", "G43.0"),
    ("Type 2 diabetes mellitus", "E11.9"),
    ("Obstructive sleep apnea", "G47.33"),
)
MEDICINES = (
    "Sertraline 100 mg once daily",
    "Venlafaxine 150 mg once daily",
    "Duloxetine 60 mg once daily",
    "Mirtazapine 30 mg at night",
    "Escitalopram 20 mg once daily",
    "Quetiapine 50 mg at night",
    "Lisinopril 10 mg once daily",
    "Levothyroxine 75 µg once daily",
    "Lorazepam 1 mg as needed",
    "Metformin 500 mg twice daily",
    "Fluticasone 50 mcg nasal spray as needed",
    "Rizatriptan 10 mg as needed",
)
ALLERGIES = (
    ("Penicillin", "medication", "high", "Hives and swelling"),
    ("Sulfonamides", "medication", "low", "Rash"),
    ("Latex", "environment", "low", "Contact rash"),
    ("Peanut", "food", "high", "Anaphylaxis"),
)
ESCORTS = (
    "Robin Marsh",
    "Alex Tennant",
    "Jo Fairley",
    "Kim Osterman",
    "Pat Lindgren",
    "Sam Delacourt",
)


@dataclass(frozen=True, slots=True)
class Person:
    number: int
    given_name: str
    family_name: str
    sex: str
    age: int

    @property
    def email(self) -> str:
        host = ("example.com", "example.org")[self.number % 2]
        return f"patient{self.number:02}@{host}"

    def birth_date(self, today: date, rng: Random) -> date:
        """Return a day on which the person has this age today, whatever the calendar."""
        return today - timedelta(days=round(self.age * 365.25) + rng.randint(10, 350))


def everybody() -> Iterator[Person]:
    entries = ROSTER.replace("\n", ";").split(";")
    for number, entry in enumerate(filter(None, map(str.strip, entries)), start=1):
        given, *family, sex, age = entry.split()
        full = {"f": "female", "m": "male"}[sex]
        yield Person(number, given, " ".join(family), full, int(age))
