"""What a setting's page says of where a value comes from."""

import pytest

from clinic.provenance import Certainty, Source


@pytest.mark.parametrize("text", ["No source gives a time", "Clinical reference 9: monthly"])
def test_of_a_proposal_it_is_said_that_each_clinic_decides_whatever_its_source_says(text):
    said = f"{text}. Taper's proposal, each clinic decides."
    assert str(Source(text, Certainty.PROPOSED)) == said


@pytest.mark.parametrize("certainty", [Certainty.READ, Certainty.UNVERIFIED])
def test_of_a_source_its_certainty_is_said(certainty):
    assert str(Source("No source", certainty)) == f"No source. {certainty.label}."
