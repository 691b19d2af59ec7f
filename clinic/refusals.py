"""What the database refuses, in the words that the constraint gives."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.db.models import BaseConstraint


def _constraint(name: str) -> BaseConstraint | None:
    for model in apps.get_models():
        for constraint in model._meta.constraints:
            if constraint.name == name:
                return constraint
    return None


@contextmanager
def refused_kindly() -> Iterator[None]:
    """Turn a violated constraint of our models into a ValidationError; put it around `acting`."""
    try:
        yield
    except IntegrityError as error:
        diagnosis = getattr(error.__cause__, "diag", None)
        constraint = _constraint(getattr(diagnosis, "constraint_name", None) or "")
        if constraint is None:
            raise
        message = constraint.get_violation_error_message()
        raise ValidationError(message, code=constraint.name) from error
