"""Many different names out of few syllables, so that a search finds one to a few dozen people."""

from collections.abc import Iterator
from random import Random

SYLLABLES = {
    "given": "a be ca di el fi ga hen i ja ka li mar no o pe ra sa ti va",
    "given end": "bel da din la lia na nor ra rik ros sa sta tan tha vid win",
    "family": """
        al bar ber bran cor dal del dra eck fal fen gar gil han har hol ing jor kal kel lan len
        lor mal mar mer mon nar nor ol os per quen ral ren ros sal sel sol tal tor ul van ver
        wal wen wil yor zan zel
    """,
    "family end": """
        berg by d dale den der feld ford gren ham ler ley lund man mond ner sen son ton vik
    """,
}


def people(rng: Random) -> Iterator[tuple[str, str]]:
    """Yield given and family names without end."""
    parts = {place: syllables.split() for place, syllables in SYLLABLES.items()}
    while True:
        given = rng.choice(parts["given"]) + rng.choice(parts["given end"])
        stem = rng.choice(parts["family"]) + rng.choice(parts["family"])
        yield given.capitalize(), (stem + rng.choice(parts["family end"])).capitalize()
