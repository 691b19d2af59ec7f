"""Which values are shown as out of range: the same on a card and on the sheet."""

from monitoring.readings import Reading, Settings


def out_of_range(reading: Reading, settings: Settings) -> frozenset[str]:
    """Name what, as it is, keeps a patient from leaving, or calls for help."""
    bp, spo2, sedation, rate = reading.bp, reading.spo2, reading.sedation, reading.resp_rate
    found = {
        "bp": bp is not None
        and (
            bp.systolic > settings.bp_discharge_systolic
            or bp.diastolic > settings.bp_discharge_diastolic
        ),
        "spo2": spo2 is not None and spo2 < settings.spo2_min,
        "sedation": sedation is not None and sedation <= settings.alert_moaas,
        "resp_rate": rate is not None and rate < settings.alert_resp_rate,
    }
    return frozenset(name for name, is_out in found.items() if is_out)
