import pytest

from monitoring.readings import Settings
from sessions.shipped import read_all


@pytest.mark.parametrize("protocol", read_all(), ids=lambda protocol: protocol.key)
def test_every_shipped_template_has_a_baseline_and_a_peak_check(protocol):
    settings = Settings.from_mapping(protocol.monitoring)
    assert settings.baseline_check
    assert settings.peak_check
