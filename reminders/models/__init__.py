from reminders.models.message import Message
from reminders.models.opt_out import OptOut
from reminders.models.policy import MessagePolicy
from reminders.models.rule import MessageRule
from reminders.models.sending_place import SendingPlace
from reminders.models.text import MessageText

__all__ = ["Message", "MessagePolicy", "MessageRule", "MessageText", "OptOut", "SendingPlace"]
