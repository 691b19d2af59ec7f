"""Give what was planned so far to the rules that ship, under the names that they have now."""

import datetime

from django.db import migrations
from django.utils import timezone

from clinic.audit import acting, system

EVER = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)
REMINDERS = {"reminder_72h": (72, 24), "reminder_24h": (24, 2)}
NAMES = {
    "reminder_72h": "Reminder, 3 days before",
    "reminder_24h": "Reminder, 1 day before",
    "follow_up": "Follow-up, the day after",
}


def give_to_rules(apps, schema_editor):
    Message = apps.get_model("reminders", "Message")
    MessageRule = apps.get_model("reminders", "MessageRule")
    if not Message.objects.exists():
        return
    with acting(system("migrate")):
        for clinic_id in Message.objects.values_list("clinic", flat=True).distinct().order_by():
            for key, rule in _rules(MessageRule, clinic_id):
                rows = Message.objects.filter(clinic=clinic_id, kind=key)
                rows.update(kind=rule.kind, rule=rule, rule_revision=rule.revision)


def _rules(MessageRule, clinic_id):
    """Write every rule that ships: a clinic with some of them would not get the others."""
    common = {"clinic_id": clinic_id, "in_force_since": EVER}
    new = {"clinic_id": clinic_id, "in_force_since": timezone.now()}  # never about the past
    wall = {"how": "wall", "at": datetime.time(10)}
    reminders = [
        MessageRule(key=key, kind="reminder", name=NAMES[key], hours=hours, useful_hours=useful, **common)
        for key, (hours, useful) in REMINDERS.items()
    ]
    follow_up = MessageRule(
        key="follow_up", kind="follow_up", name=NAMES["follow_up"], days=1, useful_hours=48, **wall, **common
    )
    others = [
        MessageRule(key="preparation", kind="preparation", name="Preparation, 2 days before", days=2, useful_hours=12, is_active=False, **wall, **new),
        MessageRule(key="late_booking", kind="late_booking", name="Booked less than a day before", hours=24, useful_hours=2, **new),
        MessageRule(key="missed", kind="missed", name="Missed session, 2 hours after", hours=2, useful_hours=24, **new),
        MessageRule(key="follow_up_week", kind="follow_up", name="Follow-up, a week after", days=7, useful_hours=48, is_active=False, **wall, **new),
        MessageRule(key="questionnaire", kind="questionnaire", name="Questionnaire, on the day it is due", days=0, useful_hours=72, is_active=False, **wall, **new),
        MessageRule(key="consent_expiring", kind="consent_expiring", name="Consent runs out in 2 weeks", days=14, useful_hours=120, **wall, **new),
    ]
    MessageRule.objects.bulk_create([*reminders, follow_up, *others])
    return [(rule.key, rule) for rule in (*reminders, follow_up)]


class Migration(migrations.Migration):

    dependencies = [
        ('reminders', '0004_rules_texts_and_policy'),
    ]

    operations = [
        migrations.RunPython(give_to_rules, migrations.RunPython.noop, elidable=True),
    ]
