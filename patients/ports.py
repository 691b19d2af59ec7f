"""What the apps above may listen to about a patient."""

from clinic.ports import Listeners
from patients.models import Patient

contact_changed: Listeners[[Patient]] = Listeners("contact_changed")
"""The patient's e-mail address, its zone, or the consent to e-mail changed; or the patient died."""
