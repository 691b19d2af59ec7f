"""What monitoring tells the apps above."""

from clinic.ports import Listeners
from sessions.models import TreatmentSession

instructions_wanted: Listeners[[TreatmentSession]] = Listeners("instructions_wanted")
"""The patient was released and wants the instructions for the way home by e-mail."""
