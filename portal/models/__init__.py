from portal.models.check_in import CheckIn
from portal.models.request import ChangeRequest
from portal.models.visit import Confirmation, Preparation

__all__ = ["ChangeRequest", "CheckIn", "Confirmation", "Preparation"]
