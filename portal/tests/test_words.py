"""Patients read every sentence in their language, and none that names what is treated."""

import gettext
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation

from reminders.words import code_of, shipped

BASE = Path(settings.BASE_DIR)
CATALOGUE = BASE / "locale" / "es" / "LC_MESSAGES"
TEMPLATES = sorted((BASE / "templates" / "portal").glob("*.html"))
MODULES = sorted((BASE / "portal").glob("**/*.py"))
TRANSLATED = re.compile(r"{% translate \"([^\"]+)\" %}")
BLOCK = re.compile(r"{% blocktranslate[^%]*%}(.+?){% endblocktranslate %}")
CALLED = re.compile(r"\b_\(\s*\"([^\"]+)\"")
WORDS = re.compile(r">\s*([^<>{}]*[A-Za-z]{2}[^<>{}]*)<")
SAME = {"No"}


def sentences() -> set[str]:
    found: set[str] = set()
    for path in TEMPLATES:
        text = path.read_text(encoding="utf-8")
        found.update(TRANSLATED.findall(text))
        found.update(re.sub(r"{{ (\w+) }}", r"%(\1)s", each) for each in BLOCK.findall(text))
    for path in MODULES:
        found.update(CALLED.findall(path.read_text(encoding="utf-8")))
    return found


def catalogue() -> dict[str, str]:
    with (CATALOGUE / "django.mo").open("rb") as file:
        return gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]


def test_many_sentences_are_found() -> None:
    assert len(sentences()) > 120


@pytest.mark.parametrize("sentence", sorted(sentences()))
def test_a_sentence_is_translated_with_all_that_is_filled_in(sentence: str) -> None:
    spanish = catalogue().get(sentence, "")
    assert spanish
    assert spanish != sentence or sentence in SAME
    assert sorted(re.findall(r"%\(\w+\)s", spanish)) == sorted(re.findall(r"%\(\w+\)s", sentence))
    assert spanish.count("<b>") == sentence.count("<b>")


def test_the_catalogue_that_is_read_is_the_one_that_was_written() -> None:
    written = (CATALOGUE / "django.po").read_text(encoding="utf-8")
    assert "fuzzy" not in written
    parts = re.findall(r'^msgstr ((?:"(?:[^"\\]|\\.)*"\n?)+)', written, re.MULTILINE)
    texts = ["".join(re.findall(r'"((?:[^"\\]|\\.)*)"', part)) for part in parts[1:]]
    read = {text.replace("\\", "\\\\") for key, text in catalogue().items() if key}
    assert {text.replace('\\"', '"') for text in texts} == {
        text.replace('\\"', '"') for text in read
    }


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_words_of_a_page_are_out_of_reach_of_the_catalogue(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    text = re.sub(r"{#.*?#}", "", text)
    text = re.sub(r"{% blocktranslate.*?{% endblocktranslate %}|{%.*?%}|{{.*?}}", "", text)
    assert WORDS.findall(text) == []


@pytest.mark.parametrize("language", sorted(shipped()))
def test_no_sentence_names_drug_or_speciality(language: str) -> None:
    named = re.compile(r"ketamin|spravato|psychiat|psiquiat|depress|depres|REMS", re.IGNORECASE)
    with translation.override(language):
        said = [str(translation.gettext(sentence)) for sentence in sentences()]
    assert [each for each in said if named.search(each)] == []


@pytest.mark.parametrize(
    ("mark", "language"),
    [("es", "es"), ("es-MX", "es"), ("ES", "es"), ("en-GB", "en"), ("", "en"), ("pl", "en")],
)
def test_a_mark_of_a_language_leads_to_one_that_is_spoken(mark: str, language: str) -> None:
    assert code_of(mark) == language
