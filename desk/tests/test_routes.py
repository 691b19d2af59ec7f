"""Who gets what at every address of ours (INV-8): one written table, and a route it lacks fails.

A line names a route, the row it is about and more parameters (with `<` those before the row's id,
with `@` the id of another row);
then the answers to GET and to POST for nobody, front desk, nurse, prescriber, administrator and
auditor of the row's clinic, and for a prescriber of another one. `in` leads to the sign-in page,
`go` to another page. What is posted is no valid form: who may act gets it again, nothing changes.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from clinic import tablet
from desk.tests.house import House, records, standing_house

pytestmark = pytest.mark.django_db

ACTORS = ["nobody", "front_desk", "nurse", "prescriber", "administrator", "auditor", "outsider"]
TABLE = """
healthz                                    |200 200 200 200 200 200 200|405 405 405 405 405 405 405
readyz                                     |200 200 200 200 200 200 200|405 405 405 405 405 405 405
choose_clinic                              | in 405 405 405 405 405 405| in  go  go  go  go  go 404
give_back                                  | in  go  go  go  go  go  go| in  go  go  go  go  go  go
desk:board                                 | in 200 200 200 200 200 200| in 405 405 405 405 405 405
desk:board_poll                            | in 200 200 200 200 200 200| in 405 405 405 405 405 405
desk:patients                              | in 200 200 200 200 200 200| in 405 405 405 405 405 405
desk:patient_search                        | in  go  go  go  go  go  go| in 200 200 200 200 200 200
desk:worklist                              | in 200 200 200 200 200 200| in 405 405 405 405 405 405
desk:chart patient                         | in 200 200 200 200 200 404| in 405 405 405 405 405 405
desk:session planned                       | in 200 200 200 200 200 404| in 405 405 405 405 405 405
desk:session monitored                     | in 200 200 200 200 200 404| in 405 405 405 405 405 405
desk:session_live monitored                | in 403 200 200 403 200 404| in 405 405 405 405 405 405
desk:messages                              | in 200 200 200 200 200 200| in 405 405 405 405 405 405
desk:messages_release                      | in 200 200 200 200 403 200| in 200 200 200 200 403 200
desk:message_again failed                  | in 200 200 200 200 403 404| in 200 200 200 200 403 404
desk:message_resend failed                 | in 200 200 200 403 403 404| in 200 200 200 403 403 404
desk:message_dismiss failed                | in 200 200 200 403 403 404| in 200 200 200 403 403 404
desk:message_release failed                | in 200 200 200 200 403 404| in 200 200 200 200 403 404
desk:message_revoke failed                 | in 200 200 200 403 403 404| in 200 200 200 403 403 404
desk:rems                                  | in 403 200 200 403 200 200| in 405 405 405 405 405 405
desk:on_site                               | in 200 200 200 200 200 200| in 405 405 405 405 405 405
desk:on_site_arrive                        | in 403 403 200 403 403 200| in 403 403 200 403 403 200
desk:on_site_confirm stay                  | in 403 403 200 403 403 404| in 403 403 200 403 403 404
desk:on_site_leave stay                    | in 403 200 200 403 403 404| in 403 200 200 403 403 404
desk:on_site_hand_over stay                | in 403 403 200 403 403 404| in 403 403 200 403 403 404
desk:on_site_correct stay                  | in 403 403 200 403 403 404| in 403 403 200 403 403 404
desk:on_site_answer hand_over              | in 403 403 200 403 403 404| in 403 403 200 403 403 404
desk:request change                        | in 200 200 200 403 403 404| in 200 200 200 403 403 404
desk:decline_request change                | in 200 200 200 403 403 404| in 200 200 200 403 403 404
portal:link planned                        |404 404 404 404 404 404 404|404 404 404 404 404 404 404
portal:unsubscribe planned                 |404 404 404 404 404 404 404|404 404 404 404 404 404 404
desk:postpone_task task                    | in 200 200 200 403 403 404| in 200 200 200 403 403 404
desk:take_task task                        | in 405 405 405 405 405 405| in  go  go  go 403 403 404
desk:release_task task                     | in 405 405 405 405 405 405| in  go  go  go 403 403 404
desk:close_task task                       | in 200 200 200 403 403 404| in 200 200 200 403 403 404
patients:add                               | in 200 200 200 403 403 200| in 200 200 200 403 403 200
patients:import                            | in 200 403 200 403 403 200| in 200 403 200 403 403 200
patients:import_confirm draft              | in  go 403 200 403 403  go| in  go 403 200 403 403  go
patients:import_discard draft              | in 405 405 405 405 405 405| in 404 404  go 404 404 404
patients:edit patient                      | in 200 200 200 403 403 404| in 200 200 200 403 403 404
patients:email patient                     | in 200 200 200 403 403 404| in 200 200 200 403 403 404
patients:consent patient                   | in 200 200 200 403 403 404| in 200 200 200 403 403 404
patients:choose_consent patient            | in 200 200 200 403 403 404| in 405 405 405 405 405 405
patients:sign_consent patient @text        | in 403  go  go 403 403 404| in 403  go  go 403 403 404
patients:hand_over_consent patient @text   | in 405 405 405 405 405 405| in 403  go  go 403 403 404
patients:consent_copy consent              | in 200 200 200 200 200 404| in 405 405 405 405 405 405
patients:withdraw_consent consent          | in 403 200 200 403 403 404| in 403 200 200 403 403 404
patients:withdraw_consent mail_consent     | in 200 200 200 403 403 404| in 200 200 200 403 403 404
patients:enrol patient                     | in 403 200 200 403 403 404| in 403 200 200 403 403 404
patients:end_enrolment enrolment           | in 403 200 200 403 403 404| in 403 200 200 403 403 404
patients:lift_hold mail_hold               | in 200 200 200 403 403 404| in 200 200 200 403 403 404
patients:screen patient                    | in 403 403 200 403 403 404| in 403 403 200 403 403 404
patients:medicines patient                 | in 403 200 200 403 403 404| in 403 200 200 403 403 404
patients:add_medication patient            | in 403 200 200 403 403 404| in 403 200 200 403 403 404
patients:stop_medication medicine          | in 403 200 200 403 403 404| in 403 200 200 403 403 404
patients:add_condition patient             | in 403 200 200 403 403 404| in 403 200 200 403 403 404
patients:resolve_condition condition       | in 403 200 200 403 403 404| in 403 200 200 403 403 404
patients:add_allergy patient               | in 403 200 200 403 403 404| in 403 200 200 403 403 404
patients:no_allergies patient              | in 403 200 200 403 403 404| in 403 200 200 403 403 404
patients:add_measure patient               | in 403 200 200 403 403 404| in 403 200 200 403 403 404
patients:entered_in_error allergy <allergies| in 403 200 200 403 403 404| in 403 200 200 403 403 404
patients:entered_in_error measure <measures| in 403 200 200 403 403 404| in 403 200 200 403 403 404
outcomes:assess patient audit-c            | in 403 200 200 403 403 404| in 403 200 200 403 403 404
outcomes:assess patient nothing            | in 403 404 404 403 403 404| in 403 404 404 403 403 404
outcomes:assessment assessment             | in 403 200 200 403 200 404| in 405 405 405 405 405 405
outcomes:correct assessment                | in 403 200 200 403 403 404| in 403 200 200 403 403 404
outcomes:in_error assessment               | in 403 200 200 403 403 404| in 403 200 200 403 403 404
sessions:plan patient                      | in 200 403 200 403 403 404| in 200 403 200 403 403 404
sessions:course course                     | in 200 200 200 200 200 404| in 405 405 405 405 405 405
sessions:order course                      | in 403 403 200 403 403 404| in 403 403 200 403 403 404
sessions:rhythm course                     | in 403 403 200 403 403 404| in 403 403 200 403 403 404
sessions:stop course                       | in 403 403 200 403 403 404| in 403 403 200 403 403 404
sessions:place course 2                    | in 200 200 200 403 403 404| in 200 200 200 403 403 404
sessions:move planned                      | in 200 200 200 403 403 404| in 200 200 200 403 403 404
sessions:make_up planned                   | in  go  go  go 403 403 404| in  go  go  go 403 403 404
sessions:step planned checked_in           | in 200 200 200 403 403 404| in 200 200 200 403 403 404
sessions:step planned no_show              | in 200 200 200 403 403 404| in 200 200 200 403 403 404
sessions:step planned cancelled            | in 200 200 200 200 403 404| in 200 200 200 200 403 404
sessions:step planned deferred             | in 403 200 200 403 403 404| in 403 200 200 403 403 404
sessions:step arrived planned              | in 200 200 200 403 403 404| in 200 200 200 403 403 404
sessions:step arrived cleared              | in 403 200 200 403 403 404| in 403 200 200 403 403 404
sessions:step arrived left_before_dose     | in 200 200 200 403 403 404| in 200 200 200 403 403 404
sessions:step cleared checked_in           | in 403 200 200 403 403 404| in 403 200 200 403 403 404
sessions:step dosing monitoring            | in 403 200 200 403 403 404| in 403 200 200 403 403 404
sessions:step monitored left_against_advice| in 403 200 200 403 403 404| in 403 200 200 403 403 404
sessions:step monitored transferred        | in 403 200 200 403 403 404| in 403 200 200 403 403 404
sessions:step monitored discharged         | in 404 404 404 404 404 404| in 404 404 404 404 404 404
sessions:device cleared                    | in 403 200 200 403 403 404| in 403 200 200 403 403 404
sessions:device_correct dose               | in 403 200 200 403 403 404| in 403 200 200 403 403 404
sessions:infusion cleared                  | in 403 200 200 403 403 404| in 403 200 200 403 403 404
sessions:second_check cleared              | in 403 200 200 403 403 404| in 403 200 200 403 403 404
sessions:waste infused 1                   | in 403 200 200 403 403 404| in 403 200 200 403 403 404
sessions:waste_correct waste               | in 403 200 200 403 403 404| in 403 200 200 403 403 404
sessions:infusion_change infused           | in 403 200 200 403 403 404| in 403 200 200 403 403 404
sessions:infusion_correct infused 2        | in 403 200 200 403 403 404| in 403 200 200 403 403 404
sessions:sit monitored                     | in 403 200 200 403 403 404| in 403 200 200 403 403 404
sessions:sign over                         | in 403 403 200 403 403 404| in 403 403 200 403 403 404
monitoring:predose arrived                 | in 403 200 200 403 403 404| in 403 200 200 403 403 404
monitoring:to_chart arrived                | in 403 200 200 403 403 404| in 403 200 200 403 403 404
monitoring:private arrived                 | in 403 200 200 403 403 404| in 403 200 200 403 403 404
monitoring:weight arrived                  | in 403 200 200 403 403 404| in 403 200 200 403 403 404
monitoring:decide arrived                  | in 403 403 200 403 403 404| in 403 403 200 403 403 404
monitoring:vitals monitored                | in 403 200 200 403 403 404| in 403 200 200 403 403 404
monitoring:correct vitals                  | in 403 200 200 403 403 404| in 403 200 200 403 403 404
monitoring:medicine monitored              | in 403 200 200 403 403 404| in 403 200 200 403 403 404
monitoring:medicine_correct given          | in 403 200 200 403 403 404| in 403 200 200 403 403 404
monitoring:missed monitored                | in 403 200 200 403 403 404| in 403 200 200 403 403 404
monitoring:withdraw monitored              | in 403 200 200 403 403 404| in 403 200 200 403 403 404
monitoring:event monitored                 | in 403 200 200 403 403 404| in 403 200 200 403 403 404
monitoring:resolve event                   | in 403 200 200 403 403 404| in 403 200 200 403 403 404
monitoring:event_in_error event            | in 403 200 200 403 403 404| in 403 200 200 403 403 404
monitoring:serotonin monitored             | in 403 200 200 403 403 404| in 403 200 200 403 403 404
monitoring:serotonin_correct serotonin     | in 403 200 200 403 403 404| in 403 200 200 403 403 404
monitoring:emergency monitored             | in 200 200 200 403 403 404| in 405 405 405 405 405 405
monitoring:emergency_start monitored       | in 405 405 405 405 405 405| in  go  go  go 403 403 404
monitoring:ambulance monitored             | in 403 200 200 403 200 404| in 405 405 405 405 405 405
monitoring:emergency_act emergency         | in 405 405 405 405 405 405| in  go  go  go 403 403 404
monitoring:emergency_undo emergency_action | in 405 405 405 405 405 405| in  go  go  go 403 403 404
monitoring:panic_begin monitored           | in 403 200 200 403 403 404| in 403 200 200 403 403 404
monitoring:panic panic                     | in 403 200 200 403 403 404| in 405 405 405 405 405 405
monitoring:panic_step panic                | in 405 405 405 405 405 405| in 403  go  go 403 403 404
monitoring:panic_end panic                 | in 403 200 200 403 403 404| in 403 200 200 403 403 404
monitoring:panic_in_error panic            | in 403 200 200 403 403 404| in 403 200 200 403 403 404
monitoring:panic_undo panic_entry          | in 405 405 405 405 405 405| in 403  go  go 403 403 404
monitoring:transfer monitored              | in 403 200 200 403 403 404| in 403 200 200 403 403 404
monitoring:against_advice monitored        | in 403 200 200 403 403 404| in 403 200 200 403 403 404
monitoring:gone monitored                  | in 403 200 200 403 403 404| in 403 200 200 403 403 404
monitoring:search search                   | in 403 200 200 403 403 404| in 405 405 405 405 405 405
monitoring:search_step search              | in 405 405 405 405 405 405| in 403  go  go 403 403 404
monitoring:search_undo search_step         | in 405 405 405 405 405 405| in 403  go  go 403 403 404
monitoring:escort monitored                | in 200 200 200 403 403 404| in 200 200 200 403 403 404
monitoring:way_home monitored              | in 200 200 200 403 403 404| in 200 200 200 403 403 404
monitoring:wait monitored                  | in 403 200 200 403 403 404| in 403 200 200 403 403 404
monitoring:instructions monitored          | in 200 200 200 403 403 404| in 405 405 405 405 405 405
monitoring:assess monitored                | in 403 200 200 403 403 404| in 403 200 200 403 403 404
monitoring:release monitored               | in 403 200 200 403 403 404| in 403 200 200 403 403 404
monitoring:override monitored              | in 403 200 200 403 403 404| in 403 200 200 403 403 404
monitoring:departed monitored              | in 403 200 200 403 403 404| in 403 200 200 403 403 404
monitoring:rems over                       | in 403 200 200 403 200 404| in 405 405 405 405 405 405
monitoring:rems_print over                 | in 403 200 200 403 200 404| in 405 405 405 405 405 405
monitoring:rems_answers over               | in 403 200 200 403 403 404| in 403 200 200 403 403 404
monitoring:rems_file over                  | in 403 200 200 403 403 404| in 403 200 200 403 403 404
monitoring:critical monitored              | in 403 200 200 403 403 404| in 403 200 200 403 403 404
monitoring:take_over monitored             | in 403 200 200 403 403 404| in 403 200 200 403 403 404
monitoring:hand_over monitored             | in 403 200 200 403 403 404| in 403 200 200 403 403 404
"""


def lines() -> list[tuple[list[str], list[str], list[str]]]:
    """Read the table: the route with its parameters, the answers to GET, the answers to POST."""
    rows = (line.split("|") for line in TABLE.strip().splitlines())
    return [(route.split(), got.split(), posted.split()) for route, got, posted in rows]


def own_routes(
    resolver: URLResolver | None = None, prefix: str = "", path: str = ""
) -> Iterator[str]:
    """Walk all patterns; Django's admin and allauth are tested by their own projects."""
    for pattern in (resolver or get_resolver()).url_patterns:
        where = path + str(pattern.pattern)
        if where.startswith(("accounts/", "admin/")):
            continue
        if isinstance(pattern, URLResolver):
            space = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
            yield from own_routes(pattern, space, where)
        elif isinstance(pattern, URLPattern):
            yield f"{prefix}{pattern.name}"


@pytest.fixture(scope="module")
def house(django_db_setup: None, django_db_blocker: Any) -> Iterator[House]:
    with standing_house(django_db_blocker) as house:
        yield house


def address(house: House, name: str, row: str = "", *more: str) -> str:
    if not row:
        return reverse(name)
    before = [text.strip("<") for text in more if text.startswith("<")]
    after = [_parameter(house, text) for text in more if not text.startswith("<")]
    return reverse(name, args=[*before, getattr(house, row).public_id, *after])


def _parameter(house: House, text: str) -> Any:
    if text.startswith("@"):
        return getattr(house, text.strip("@")).public_id
    return int(text) if text.isdigit() else text


def answer(response) -> str:
    where = response.headers.get("Location") or response.headers.get("HX-Redirect")
    if not where:
        return str(response.status_code)
    return "in" if where.startswith("/accounts/login/") else "go"


def test_every_route_of_ours_is_in_the_table() -> None:
    assert {route[0] for route, _, _ in lines()} == set(own_routes())


@pytest.mark.parametrize("actor", ACTORS)
def test_everybody_gets_what_the_table_says_and_changes_nothing(
    actor: str, house: House, client: Client
) -> None:
    if actor != "nobody":
        client.force_login(house.staff[actor])
    before, place = records(), ACTORS.index(actor)
    wrong = []
    for route, got, posted in lines():
        path = address(house, *route)
        typed = {"clinic": str(house.clinic.public_id), "status": "planned", "version": "1"}
        answers = answer(client.get(path)), answer(client.post(path, typed))
        expected = got[place], posted[place]
        if answers != expected:
            wrong.append(f"{' '.join(route)}: {answers} instead of {expected}")
        if tablet.KEY in client.session:  # it asks for the tablet at every other address
            client.logout()
            client.force_login(house.staff[actor])
    assert wrong == []
    assert records() == before


def test_no_other_method_is_served(house: House, client: Client) -> None:
    client.force_login(house.staff["prescriber"])
    paths = {address(house, *route) for route, _, _ in lines()}
    methods = (client.put, client.patch, client.delete, client.options, client.trace)
    answers = {(path, method(path).status_code) for path in paths for method in methods}
    assert {(path, code) for path, code in answers if code != 405} == set()
