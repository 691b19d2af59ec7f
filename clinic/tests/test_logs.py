"""What a failure leaves in the log."""

import json
import logging
import sys
from copy import deepcopy
from logging.config import DictConfigurator

import pytest
from django.conf import settings


def logged(exc_info) -> dict:
    return logged_line(logging.LogRecord("t", logging.ERROR, __file__, 1, "Failed", (), exc_info))


def logged_line(record: logging.LogRecord) -> dict:
    """Return what the log has of a record."""
    told = deepcopy(settings.LOGGING)  # configuring takes it apart
    formatter = DictConfigurator(told).configure_formatter(told["formatters"]["json"])
    return json.loads(formatter.format(record))


def test_it_names_the_kind_and_the_place_of_a_failure_and_no_value():
    try:
        try:
            raise KeyError("Ada Lovelace")
        except KeyError as error:
            raise ValueError("Failing row contains (Ada Lovelace)") from error
    except ValueError:
        line = logged(sys.exc_info())
    assert line["failed"] == ["ValueError", "KeyError"]
    assert "test_logs.py" in line["where"][0]
    assert "Ada" not in json.dumps(line)


@pytest.mark.parametrize("nothing", [None, (None, None, None)])
def test_a_line_without_a_failure_stays_as_it_is(nothing):
    assert logged(nothing)["event"] == "Failed"
    assert "where" not in logged(nothing)
