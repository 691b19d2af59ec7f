"""Rules, words and settings of messages in the admin, and the preview."""

from datetime import time, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from clinic.audit import acting
from clinic.models import AuditEvent
from clinic.tests.factories import TESTS
from reminders import planning, previewing
from reminders import words as mail_words
from reminders.kinds import Kind
from reminders.models import Message, MessagePolicy, MessageRule, MessageText
from reminders.models.rule import MOST_RULES
from reminders.overlooked import repair
from reminders.services.rules import save_rule
from reminders.tests.factories import make_reachable, make_visit, plan
from reminders.tests.letters import speak_softly
from sessions.tests.factories import make_session, shipped

pytestmark = pytest.mark.django_db
LIST = "admin:reminders_messagerule_changelist"
ADD = "admin:reminders_messagerule_add"
PREVIEW = "admin:reminders_messagerule_preview"
RULE = {
    "name": "Two days before",
    "kind": "reminder",
    "protocol_key": "",
    "is_active": "on",
    "how": "elapsed",
    "hours": "48",
    "days": "",
    "at": "",
    "useful_hours": "4",
}
WALL = {"how": "wall", "hours": "", "days": "1", "at": "10:00"}
NO_TEXTS = {"texts-TOTAL_FORMS": "0", "texts-INITIAL_FORMS": "0"}


@pytest.fixture
def office(client, administrator, clinic):
    speak_softly(clinic)
    client.force_login(administrator)
    return client


@pytest.fixture
def rules(clinic):
    with acting(TESTS):
        return {rule.key: rule for rule in planning.rules_of([clinic.pk])[clinic.pk]}


def change_url(rule):
    return reverse("admin:reminders_messagerule_change", args=[rule.pk])


def values_of(rule, **changed):
    at = f"{rule.at:%H:%M}" if rule.at else ""
    values = {
        "name": rule.name,
        "protocol_key": rule.protocol_key,
        "is_active": "on",
        "how": rule.how,
        "hours": "" if rule.hours is None else rule.hours,
        "days": "" if rule.days is None else rule.days,
        "at": at,
        "useful_hours": rule.useful_hours,
        "seen": rule.seen,
        **NO_TEXTS,
    }
    return {name: value for name, value in (values | changed).items() if value is not None}


def errors_of(page):
    assert page.status_code == 200, page.redirect_chain
    return str(page.context["adminform"].form.errors)


def as_shown(page):
    """Return what a form of the admin would send, with its inlines, if nobody changed it."""
    forms = [page.context["adminform"].form]
    for inline in page.context["inline_admin_formsets"]:
        forms += [inline.formset.management_form, *inline.formset.forms]
    values = {field.html_name: field.value() for form in forms for field in form}
    return {key: value for key, value in values.items() if value is not None and value is not False}


def test_a_clinic_that_never_wrote_sees_the_rules_that_ship(office, clinic):
    page = office.get(reverse(LIST)).content.decode()
    assert "Reminder, 1 day before" in page
    for when in (
        "72 h before",
        "2 days before, at 10:00",
        "booked less than 24 h before",
        "2 h after",
        "1 day after, at 10:00",
    ):
        assert f">{when}<" in page, when
    assert MessageRule.objects.filter(clinic=clinic).count() == 9


def test_a_new_rule_counts_from_now_beside_those_that_ship(office, clinic):
    before = timezone.now()
    page = office.post(reverse(ADD), RULE | {"clinic": clinic.pk}, follow=True)
    assert "It counts from the next sweep on" in page.content.decode()
    rule = MessageRule.objects.get(key="two-days-before")
    assert (rule.revision, rule.hours) == (1, 48)
    assert rule.in_force_since >= before
    assert MessageRule.objects.filter(clinic=clinic).count() == 10


def test_two_rules_may_have_one_name(office, clinic):
    for _ in range(2):
        office.post(reverse(ADD), RULE | {"clinic": clinic.pk}, follow=True)
    assert MessageRule.objects.filter(name=RULE["name"]).count() == 2


@pytest.mark.parametrize(
    ("wrong", "field", "words"),
    [
        ({"hours": "0"}, "hours", "It would never go: enter 2 hours at least."),
        ({"hours": "1"}, "hours", "It would never go: enter 2 hours at least."),
        ({"hours": "-1"}, "hours", "greater than or equal to 0"),
        ({"hours": "1000000000"}, "hours", "less than or equal to 2160"),
        ({"hours": ""}, "hours", "Enter the hours: this rule counts by them."),
        ({"days": "2"}, "days", "Leave this empty: the rule counts by hours."),
        ({"at": "10:00"}, "at", "Leave this empty: the rule counts by hours."),
        ({"useful_hours": "0"}, "useful_hours", "greater than or equal to 1"),
        ({"useful_hours": "48"}, "useful_hours", "Enter fewer than 48."),
        ({"useful_hours": "60"}, "useful_hours", "of use only until 60 hours before"),
        ({"kind": "late_booking", "hours": "4"}, "useful_hours", "Enter fewer than 4."),
        (WALL | {"hours": "48"}, "hours", "Leave this empty: the rule counts by days"),
        (WALL | {"days": ""}, "days", "Enter the days"),
        (WALL | {"at": ""}, "at", "Enter the time of day."),
        (WALL | {"days": "91"}, "days", "less than or equal to 90"),
        (WALL | {"useful_hours": "39"}, "useful_hours", "due less than 38 hours before any visit"),
        (WALL | {"kind": "late_booking"}, "how", "Short notice counts in hours"),
        ({"kind": "changed"}, "kind", "not one of the available choices"),
        ({"kind": "questionnaire"}, "how", "Dates of the chart count in days"),
        ({"protocol_key": "nothing"}, "protocol_key", "not one of the available choices"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words_at_its_field(office, clinic, wrong, field, words):
    """A-139."""
    page = office.post(reverse(ADD), RULE | {"clinic": clinic.pk} | wrong, follow=True)
    errors = page.context["adminform"].form.errors
    assert list(errors) == [field]
    assert words in str(errors[field])
    assert not MessageRule.objects.filter(name=RULE["name"]).exists()


def test_a_rule_of_the_chart_for_one_protocol_is_refused_at_the_protocol(office, clinic):
    shipped()
    typed = WALL | {"kind": "questionnaire", "protocol_key": "esketamine-trd-us"}
    page = office.post(reverse(ADD), RULE | {"clinic": clinic.pk} | typed, follow=True)
    assert list(page.context["adminform"].form.errors) == ["protocol_key"]


@pytest.mark.parametrize(
    "right",
    [
        {"useful_hours": "47"},
        WALL | {"useful_hours": "38"},
        WALL | {"kind": "follow_up", "days": "0", "useful_hours": "200"},
        {"kind": "missed", "hours": "0", "useful_hours": "4"},
        {"kind": "late_booking", "hours": "5"},
    ],
)
def test_a_rule_that_can_be_of_use_is_saved(office, clinic, right):
    office.post(reverse(ADD), RULE | {"clinic": clinic.pk} | right, follow=True)
    assert MessageRule.objects.filter(name=RULE["name"]).exists()


NEVER_BY_DAYS = {"how": "wall", "hours": None, "days": 1, "at": time(10), "useful_hours": 39}


def test_a_rule_that_never_goes_is_put_out_of_use_and_not_back_into_it(office, rules):
    rule = rules["reminder_24h"]
    with acting(TESTS):
        MessageRule.objects.filter(pk=rule.pk).update(**NEVER_BY_DAYS)
    rule.refresh_from_db()
    office.post(change_url(rule), values_of(rule, is_active=None), follow=True)
    rule.refresh_from_db()
    assert not rule.is_active
    refused = office.post(change_url(rule), values_of(rule), follow=True)
    assert "It would never go" in errors_of(refused)
    rule.refresh_from_db()
    assert not rule.is_active


def test_what_the_database_refuses_is_refused_of_a_rule_out_of_use_too(office, rules):
    rule = rules["reminder_24h"]
    typed = values_of(rule, is_active=None, useful_hours="48")
    assert "It would never go" in errors_of(office.post(change_url(rule), typed, follow=True))


def test_a_date_of_the_chart_is_of_no_protocol(rules):
    rule = rules["consent_expiring"]
    rule.protocol_key = "esketamine-trd-us"
    with pytest.raises(ValidationError, match="of no protocol"):
        rule.validate_constraints()


def test_a_clinic_has_so_many_rules_and_no_more(clinic, administrator, rules):
    """A-139."""
    values = {"clinic": clinic, "kind": "reminder", "hours": 48, "useful_hours": 4}
    for number in range(MOST_RULES - len(rules)):
        save_rule(MessageRule(name=f"Rule {number}", **values), by=administrator)
    with pytest.raises(ValidationError, match="at most 40 rules"):
        save_rule(MessageRule(name="One more", **values), by=administrator)


def test_only_what_decides_starts_the_rule_anew(office, rules):
    rule = rules["reminder_24h"]
    office.post(change_url(rule), values_of(rule, name="The day before"))
    renamed = MessageRule.objects.get(pk=rule.pk)
    assert (renamed.name, renamed.revision) == ("The day before", 1)
    assert renamed.in_force_since == rule.in_force_since
    office.post(change_url(rule), values_of(renamed, hours=26))
    changed = MessageRule.objects.get(pk=rule.pk)
    assert (changed.hours, changed.revision) == (26, 2)
    assert changed.in_force_since > rule.in_force_since
    office.post(change_url(rule), values_of(changed, is_active=None))
    assert MessageRule.objects.get(pk=rule.pk).revision == 3


@pytest.mark.parametrize("change", [{"hours": 70}, {"name": "Three days"}, {"revision": 5}])
def test_a_rule_that_somebody_else_has_changed_is_not_overwritten(office, rules, change):
    rule = rules["reminder_72h"]
    page = office.get(change_url(rule)).context["adminform"].form
    typed = values_of(rule, hours=66, seen=page["seen"].value())
    with acting(TESTS):
        MessageRule.objects.filter(pk=rule.pk).update(**change)
    refused = office.post(change_url(rule), typed, follow=True)
    assert "Someone else changed this rule" in errors_of(refused)
    rule.refresh_from_db()
    assert {name: getattr(rule, name) for name in change} == change
    assert rule.hours != 66
    office.post(change_url(rule), values_of(rule, hours=66), follow=True)
    rule.refresh_from_db()
    assert rule.hours == 66


def test_a_rule_is_not_saved_without_word_of_what_was_seen(office, rules):
    page = office.post(change_url(rules["missed"]), values_of(rules["missed"], seen=None))
    assert "Reload the page" in errors_of(page)


def test_a_changed_rule_moves_what_is_planned_at_the_next_sweep(office, rules, patient, prescriber):
    rule = rules["reminder_72h"]
    starts_at = (timezone.now() + timedelta(days=6)).replace(hour=12, minute=0)
    visit = make_visit(patient, prescriber, starts_at)
    plan(visit, now=timezone.now())
    office.post(change_url(rule), values_of(rule, hours=96))
    repair()
    message = Message.objects.get(rule=rule)
    assert message.not_before == starts_at - timedelta(hours=96)


def test_the_kind_and_the_clinic_of_a_rule_stay_and_nothing_is_deleted(office, rules):
    rule = rules["reminder_24h"]
    office.post(change_url(rule), values_of(rule, kind="follow_up"))
    assert MessageRule.objects.get(pk=rule.pk).kind == "reminder"
    page = office.get(change_url(rule)).content.decode()
    assert "deletelink" not in page
    url = reverse("admin:reminders_messagerule_delete", args=[rule.pk])
    assert office.post(url, {"post": "yes"}).status_code == 403


def test_protocols_are_chosen_by_title(office, rules):
    shipped()
    page = office.get(change_url(rules["reminder_24h"])).content.decode()
    assert '<option value="esketamine-trd-us">' in page
    assert '<option value="" selected>All protocols' in page


def test_the_rules_of_another_clinic_are_not_there(office, other_clinic):
    with acting(TESTS):
        theirs = planning.rules_of([other_clinic.pk])[other_clinic.pk][0]
    assert office.get(reverse(PREVIEW, args=[theirs.pk])).status_code == 404
    assert office.post(change_url(theirs), values_of(theirs, name="Ours")).status_code != 200
    assert MessageRule.objects.get(pk=theirs.pk).name != "Ours"


def test_those_who_configure_nothing_see_nothing(client, nurse, rules):
    client.force_login(nurse)
    page = client.get(reverse(PREVIEW, args=[rules["missed"].pk]))
    assert page.status_code in {302, 403}


def text_values(**changed):
    values = {
        "texts-TOTAL_FORMS": "1",
        "texts-INITIAL_FORMS": "0",
        "texts-0-language": "en",
        "texts-0-subject": "See you on {day}",
        "texts-0-body": "Dear {name},\n\nwe wait for you.",
        "texts-0-is_active": "on",
    }
    return values | changed


def test_a_rule_gets_words_of_its_own(office, rules):
    rule = rules["reminder_24h"]
    office.post(change_url(rule), values_of(rule) | text_values())
    text = MessageText.objects.get()
    assert (text.rule, text.kind, text.clinic) == (rule, rule.kind, rule.clinic)


@pytest.mark.parametrize(
    "body", ["{nobody}", "{0.__class__}", "{name.__class__}", "{}", "{due_day}", "{ name }"]
)
def test_a_name_that_can_not_be_filled_is_refused(office, rules, body):
    """A-066."""
    rule = rules["reminder_24h"]
    page = office.post(change_url(rule), values_of(rule) | text_values(**{"texts-0-body": body}))
    assert "can&#x27;t be filled in here. This message knows: {name}" in page.content.decode()
    assert not MessageText.objects.exists()


@pytest.mark.parametrize("field", ["subject", "body"])
@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("On {day we meet", "“{day”"),
        ("On day} we meet", "“day}”"),
        ("{{day}}", "“{”, “}”"),
        ("Braces } and {", "“}”, “{”"),
        ("{", "“{”"),
        ("{day} and {time", "“{time”"),
    ],
)
def test_a_brace_without_its_other_one_is_refused_where_it_stands(
    office, rules, field, text, named
):
    rule = rules["reminder_24h"]
    typed = text_values(**{f"texts-0-{field}": text})
    page = office.post(change_url(rule), values_of(rule) | typed)
    (errors,) = page.context["inline_admin_formsets"][0].formset.errors
    assert list(errors) == [field]
    assert errors[field] == [f"Without its other brace: {named}. A name stands in two: {{name}}."]
    assert not MessageText.objects.exists()


GIVEN_AWAY = "Your words name “spravato”. Others may see a mail&#x27;s sender, subject and preview"


def test_words_that_name_a_medicine_are_saved_with_a_warning(office, rules, clinic):
    rule = rules["reminder_24h"]
    typed = text_values(**{"texts-0-subject": "Your SPRAVATO, {day}"})
    page = office.post(change_url(rule), values_of(rule) | typed, follow=True).content.decode()
    assert GIVEN_AWAY in page
    assert MessageText.objects.get().subject == "Your SPRAVATO, {day}"
    add = {"clinic": clinic.pk, "kind": "missed", "language": "en", "is_active": "on"}
    add |= {"subject": "Hello", "body": "We had Spravato ready."}
    page = office.post(reverse("admin:reminders_messagetext_add"), add, follow=True)
    assert GIVEN_AWAY in page.content.decode()
    assert MessageText.objects.count() == 2


def test_words_that_name_none_are_saved_without_a_warning(office, rules):
    rule = rules["reminder_24h"]
    page = office.post(change_url(rule), values_of(rule) | text_values(), follow=True)
    assert MessageText.objects.exists()
    assert "Your words name" not in page.content.decode()


def test_words_that_were_warned_of_are_not_warned_of_when_something_else_changes(office, rules):
    rule = rules["reminder_24h"]
    typed = text_values(**{"texts-0-subject": "Your Spravato, {day}"})
    office.post(change_url(rule), values_of(rule) | typed, follow=True)
    text = MessageText.objects.get()
    typed |= {"texts-INITIAL_FORMS": "1", "texts-0-id": text.pk, "texts-0-rule": rule.pk}
    for changed in ({"name": "Other"}, {"texts-0-is_active": ""}):
        rule.refresh_from_db()
        page = office.post(change_url(rule), values_of(rule) | typed | changed, follow=True)
        assert "It counts from" in page.content.decode()
        assert "Your words name" not in page.content.decode()
    url = reverse("admin:reminders_messagetext_change", args=[text.pk])
    alone = {"subject": text.subject, "body": text.body}
    assert "Your words name" not in office.post(url, alone, follow=True).content.decode()
    alone["body"] = "Spravato is ready."
    assert GIVEN_AWAY in office.post(url, alone, follow=True).content.decode()


def test_a_calendar_title_that_tells_is_saved_with_a_warning(office, clinic):
    policy, page = change_settings(office, clinic, calendar_title="Ketamine infusion")
    assert policy.calendar_title == "Ketamine infusion"
    assert "Your words name “ketamine”, “infusion”." in page.content.decode()
    url = reverse("admin:reminders_messagepolicy_change", args=[policy.pk])
    page = office.post(url, as_shown(office.get(url)) | {"answer_within_hours": "30"}, follow=True)
    policy.refresh_from_db()
    assert policy.answer_within_hours == 30
    assert "Your words name" not in page.content.decode()


@pytest.mark.parametrize(("name", "tells"), [("Ketamine North", True), ("Dr. North", False)])
def test_a_senders_name_that_tells_is_saved_with_a_warning(office, clinic, name, tells):
    url = reverse("admin:clinic_clinic_change", args=[clinic.pk])
    page = office.post(url, as_shown(office.get(url)) | {"sender_name": name}, follow=True)
    clinic.refresh_from_db()
    assert clinic.sender_name == name
    assert ("Your words name “ketamine”." in page.content.decode()) == tells
    page = office.post(url, as_shown(office.get(url)) | {"phone": "030 7654321"}, follow=True)
    clinic.refresh_from_db()
    assert clinic.phone == "030 7654321"
    assert "Your words name" not in page.content.decode()


def test_words_for_a_kind_are_refused_for_a_rule_of_another(office, clinic, rules):
    values = {
        "clinic": clinic.pk,
        "kind": "missed",
        "rule": rules["reminder_24h"].pk,
        "language": "es",
        "subject": "Hola",
        "body": "Hola {name}",
        "is_active": "on",
    }
    add = reverse("admin:reminders_messagetext_add")
    assert "This rule is for “Reminder”." in errors_of(office.post(add, values))
    assert office.post(add, values | {"rule": ""}).status_code == 302
    assert "There is a text for this already" in errors_of(office.post(add, values | {"rule": ""}))
    assert "“Missed" not in str(MessageText.objects.get())


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("kind", Kind.values)
def test_own_words_begin_with_those_that_ship(office, clinic, kind, language):
    url = reverse("admin:reminders_messagetext_changelist")
    assert f'href="add/?kind={kind}&amp;language={language}"' in office.get(url).content.decode()
    form = office.get(f"{url}add/", {"kind": kind, "language": language}).context["adminform"].form
    shown = {name: form[name].value() for name in ("kind", "language", "subject", "body")}
    office.post(f"{url}add/", {"clinic": clinic.pk, "rule": "", "is_active": "on", **shown})
    saved = MessageText.objects.get()
    assert [saved.subject, saved.body.splitlines()] == [
        shown["subject"],
        shown["body"].splitlines(),
    ]
    assert saved.body.splitlines()[0] == mail_words.shipped()[language].kinds[kind]["body"][0]


@pytest.mark.parametrize("query", ["kind=reminder&language=xx", "kind=x&language=en", "body=Own"])
def test_an_address_that_names_no_shipped_words_begins_without_them(office, query):
    page = office.get(f"{reverse('admin:reminders_messagetext_add')}?{query}")
    assert page.context["adminform"].form["body"].value() in {None, "", "Own"}


def test_the_list_of_names_stands_beside_the_text(office):
    page = office.get(reverse("admin:reminders_messagetext_add")).content.decode()
    assert "{food_time} the time from which the patient eats nothing" in page


def test_settings_of_messages_are_edited_once_for_each_clinic(office, clinic):
    page = office.get(reverse("admin:reminders_messagepolicy_add"))
    assert "On the patient's clock: no mail from then on." in page.content.decode()
    with acting(TESTS):
        policy = MessagePolicy.objects.create(clinic=clinic)
    assert office.get(reverse("admin:reminders_messagepolicy_add")).status_code == 403
    url = reverse("admin:reminders_messagepolicy_change", args=[policy.pk])
    assert office.get(url).status_code == 200


def test_settings_say_their_defaults_and_sources_in_words(office):
    page = office.get(reverse("admin:reminders_messagepolicy_add")).content.decode()
    source = "No source gives it. Taper's proposal, each clinic decides."
    for default in ("on", "off", "20:00", "empty", "48"):
        assert f"Default: {default}. {source}" in page, default
    for raw in ("Default: True", "Default: False", "20:00:00", "no source gives it"):
        assert raw not in page


def test_settings_are_not_added_but_changed_from_their_defaults(office, clinic):
    url = reverse("admin:reminders_messagepolicy_changelist")
    page = office.get(url).content.decode()
    assert "Change the defaults" in page
    assert "Add messages to patients" not in page.partition('id="content"')[2]
    page = office.get(reverse("admin:reminders_messagepolicy_add")).content.decode()
    assert "<h1>Messages to patients: the clinic&#x27;s settings</h1>" in page
    assert "_addanother" not in page
    assert "Add messages to patients" not in page
    with acting(TESTS):
        MessagePolicy.objects.create(clinic=clinic)
    assert "Change the defaults" not in office.get(url).content.decode()


def test_a_time_on_a_wall_clock_is_typed_without_a_word_on_the_servers(office, rules):
    """Django's own field notes how far the browser is from the server, which doesn't count here."""
    pages = [
        reverse("admin:reminders_messagepolicy_add"),
        change_url(rules["follow_up"]),
        reverse("admin:clinic_clinic_change", args=[rules["missed"].clinic_id]),
    ]
    for url in pages:
        page = office.get(url).content.decode()
        assert 'type="time"' in page
        assert "vTimeField" not in page
    assert 'name="at" value="10:00"' in office.get(pages[1]).content.decode()


def change_settings(office, clinic, **changed):
    """Post the page of the clinic's settings with these changes; return them and the page."""
    with acting(TESTS):
        policy = MessagePolicy.objects.create(clinic=clinic)
    url = reverse("admin:reminders_messagepolicy_change", args=[policy.pk])
    form = office.get(url).context["adminform"].form
    values = {name: form[name].value() for name in form.fields}
    page = office.post(url, {k: v for k, v in (values | changed).items() if v}, follow=True)
    policy.refresh_from_db()
    return policy, page


@pytest.mark.parametrize(("hours", "days", "fits"), [(312, 14, True), (313, 14, False), (1, 1, 0)])
def test_patients_may_ask_for_times_that_are_offered(office, clinic, hours, days, fits):
    policy, page = change_settings(office, clinic, ask_until_hours=hours, offered_days=days)
    assert ((policy.ask_until_hours, policy.offered_days) == (hours, days)) == bool(fits)
    assert ("at least a day more than the hours" in page.content.decode()) != bool(fits)


@pytest.mark.parametrize(("minutes", "hours", "fits"), [(59, 1, True), (60, 1, 0), (240, 3, 0)])
def test_calls_do_not_end_before_the_second_one_is_due(office, clinic, minutes, hours, fits):
    policy, page = change_settings(
        office, clinic, acknowledge_minutes=minutes, calls_end_after_hours=hours
    )
    assert (policy.calls_end_after_hours == hours) == bool(fits)
    assert ("Choose more hours." in page.content.decode()) != bool(fits)


@pytest.fixture
def visit(patient, prescriber):
    return make_visit(patient, prescriber, timezone.now() + timedelta(days=9))


def preview(office, rule, visit, **values):
    values = {"visit": visit.public_id, "language": "", **values}
    return office.get(reverse(PREVIEW, args=[rule.pk]), values)


def test_the_preview_shows_the_mail_as_it_would_go(office, rules, visit):
    page = preview(office, rules["reminder_24h"], visit).content.decode()
    assert "&quot;Practice Dr. North&quot; &lt;clinic@localhost&gt;" in page
    assert "Subject</th><td>Your appointment on" in page
    assert "Hello Ada," in page
    assert "BEGIN:VCALENDAR" in page
    assert "<iframe sandbox" in page


def test_the_preview_writes_nothing_but_that_somebody_looked(office, rules, visit):
    before = Message.objects.count()
    assert not AuditEvent.objects.filter(event="admin.message_preview.read").exists()
    preview(office, rules["reminder_24h"], visit)
    assert Message.objects.count() == before
    read = AuditEvent.objects.get(event="admin.message_preview.read")
    assert read.patient_id == visit.patient_id


def test_every_rule_has_a_preview_in_each_language(office, rules, visit):
    for key, rule in rules.items():
        if rule.kind in {"missed", "follow_up"}:
            continue
        page = preview(office, rule, visit, language="es").content.decode()
        assert "Hola, Ada:" in page, key


def test_a_rule_after_a_visit_is_previewed_with_visits_that_are_over(office, rules, visit):
    assert "Hello" not in preview(office, rules["missed"], visit).content.decode()
    with acting(TESTS):
        type(visit).objects.update(status="no_show", ended_at=timezone.now())
    assert "Hello Ada" in preview(office, rules["missed"], visit).content.decode()


def test_the_next_visits_come_first_in_the_preview_and_then_the_latest(
    office, rules, visit, monkeypatch
):
    now, days = timezone.now(), {}
    for distance in (-30, -2, 2, 40):
        moment = now + timedelta(days=distance)
        days[distance] = make_session(
            visit.course, starts_at=moment, number=50 + distance, number_in_phase=50 + distance
        )
    rule = rules["consent_expiring"]
    visits = list(previewing.visits_for(rule, now))
    assert visits == [days[2], visit, days[40], days[-2], days[-30]]
    monkeypatch.setattr(previewing, "MOST_VISITS", 2)
    assert list(previewing.visits_for(rule, now)) == visits[:2]
    page = office.get(reverse(PREVIEW, args=[rule.pk])).content.decode()
    assert page.index(str(days[2].public_id)) < page.index(str(visit.public_id))


def test_the_preview_says_why_the_mail_would_not_go(office, rules, visit, clinic):
    with acting(TESTS):
        visit.patient.email_contact.verified_at = None
        visit.patient.email_contact.save()
        clinic.email = ""
        clinic.save()
    page = preview(office, rules["reminder_24h"], visit).content.decode()
    assert "It would not be sent: The e-mail address is not verified." in page
    assert "Answers to this mail reach nobody" in page


def test_the_preview_says_what_the_clinics_words_would_tell(office, rules, visit, clinic):
    """Words that this mail does not use are of no concern, nor is who gets it."""
    rule = rules["reminder_24h"]
    with acting(TESTS):
        visit.patient.given_name = "Yasmin"  # as a pill is called
        visit.patient.save()
        for about, subject in ((None, "Zoloft"), (rule, "Spravato")):
            MessageText.objects.create(
                clinic=clinic, kind=rule.kind, rule=about, subject=subject, body="Hello {name}"
            )
    assert GIVEN_AWAY in preview(office, rule, visit).content.decode()
    assert "Your words name" not in preview(office, rule, visit, language="es").content.decode()
    with acting(TESTS):
        MessageText.objects.update(is_active=False)
        clinic.sender_name = "North Ketamine"
        clinic.save()
    assert "Your words name “ketamine”." in preview(office, rule, visit).content.decode()


def test_the_preview_of_a_rule_out_of_use_says_that_nothing_goes(office, rules, visit):
    assert not rules["preparation"].is_active
    page = preview(office, rules["preparation"], visit).content.decode()
    assert "It would not be sent: Its rule is not in use." in page


def test_the_preview_says_that_a_rule_does_not_apply_to_the_visit(office, rules, visit):
    """The visit was booked weeks ahead."""
    page = preview(office, rules["late_booking"], visit).content.decode()
    assert "It would not be sent: This rule does not apply to this visit." in page


def test_a_previewed_mail_lies_in_a_frame_that_runs_and_loads_nothing(office, rules, visit):
    url = reverse("admin:reminders_messagerule_mail", args=[rules["reminder_24h"].pk])
    answer = office.get(url, {"visit": visit.public_id})
    assert "Hello Ada" in answer.content.decode()
    directives = answer["Content-Security-Policy"].split("; ")
    assert {"default-src 'none'", "style-src 'unsafe-inline'", "sandbox"} <= set(directives)
    assert answer["X-Frame-Options"] == "SAMEORIGIN"


@pytest.mark.parametrize("visit_id", ["x", "", "00000000-0000-4000-8000-000000000000", "\x00"])
def test_a_visit_that_is_not_there_has_no_preview(office, rules, visit_id):
    url = reverse(PREVIEW, args=[rules["reminder_24h"].pk])
    page = office.get(url, {"visit": visit_id})
    assert page.status_code == 200
    assert "Hello" not in page.content.decode()


def test_another_clinics_visit_has_no_preview(office, rules, other_clinic, prescriber):
    stranger = make_reachable(other_clinic, prescriber, given_name="Zoe")
    theirs = make_visit(stranger, prescriber, timezone.now() + timedelta(days=9))
    page = preview(office, rules["reminder_24h"], theirs).content.decode()
    assert "Zoe" not in page
    assert "Hello" not in page
