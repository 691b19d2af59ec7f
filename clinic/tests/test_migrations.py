"""New databases take the squashed migrations, old ones go on with what they began."""

from typing import Any

import pytest
from django.core.management.base import CommandError
from django.db import connection, models
from django.db.migrations import (
    AddConstraint,
    AddField,
    AlterField,
    CreateModel,
    Migration,
    RunSQL,
)
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from pgtrigger.migrations import AddTrigger, RemoveTrigger

from clinic.audit_triggers import kept, no_truncate
from clinic.management.commands.squash import originals, squash
from clinic.migration_operations import CreateModels

FILES = MigrationLoader(None, replace_migrations=False)
SQUASHED = sorted(key for key, migration in FILES.disk_migrations.items() if migration.replaces)
labels = pytest.mark.parametrize(
    "squashed", [FILES.disk_migrations[key] for key in SQUASHED], ids=[key[0] for key in SQUASHED]
)


def described(state: ProjectState) -> dict[tuple[str, str], Any]:
    plain = MigrationAutodetector(state, state).deep_deconstruct
    return {
        key: (plain(list(model.fields.items())), plain(model.options), model.bases, model.managers)
        for key, model in state.models.items()
    }


def test_a_new_database_gets_the_models_that_an_old_one_has():
    steps = [key for key in FILES.graph.leaf_nodes() if key not in SQUASHED]
    step_by_step = FILES.graph.make_state(steps)
    at_once = MigrationLoader(None).project_state()
    assert described(step_by_step) == described(at_once)


@labels
def test_a_squashed_migration_replaces_the_first_ones_in_their_order(squashed: Migration):
    names = [(each.app_label, each.name) for each in originals(FILES, squashed.app_label)]
    assert squashed.replaces == names[: len(squashed.replaces)]
    assert squashed.name == f"0001_squashed_{squashed.replaces[-1][1]}"


@labels
def test_a_squashed_migration_asks_for_nothing_that_the_replaced_did_not(squashed: Migration):
    asked = {
        dependency
        for key in squashed.replaces
        for dependency in FILES.disk_migrations[key].dependencies
    }
    assert set(squashed.dependencies) <= asked


def a_model(name: str, *fields: tuple[str, Any]) -> CreateModel:
    return CreateModel(name, [("id", models.BigAutoField(primary_key=True)), *fields])


def squashed_from(*operations: Operation) -> list[Operation]:
    steps = [
        type("Migration", (Migration,), {"operations": [operation]})(f"{number:04}_step", "clinic")
        for number, operation in enumerate(operations)
    ]
    return list(squash("clinic", steps).operations)


def only_model(operations: list[Operation]) -> CreateModel:
    (models_at_once,) = operations
    assert isinstance(models_at_once, CreateModels)
    (model,) = models_at_once.models
    return model


def test_what_came_later_is_part_of_its_model():
    positive = models.CheckConstraint(condition=models.Q(amount__gt=0), name="positive")
    model = only_model(
        squashed_from(
            a_model("Thing"),
            AddField("thing", "amount", models.IntegerField(default=5), preserve_default=False),
            AddField("thing", "note", models.TextField()),
            AlterField("thing", "note", models.TextField(blank=True)),
            AddConstraint("thing", positive),
            AddTrigger("thing", kept()),
            AddTrigger("thing", no_truncate()),
            RemoveTrigger("thing", "kept"),
        )
    )
    fields = dict(model.fields)
    assert list(fields) == ["id", "amount", "note"]
    assert not fields["amount"].has_default()
    assert fields["note"].blank
    assert model.options["constraints"] == [positive]
    assert [trigger.name for trigger in model.options["triggers"]] == ["no_truncate"]


def test_a_new_database_has_no_rows_to_change():
    rewrite = RunSQL("UPDATE clinic_thing SET id = 0", elidable=True)
    assert only_model(squashed_from(a_model("Thing"), rewrite)).name == "Thing"


def test_what_a_new_database_may_need_is_not_left_out():
    with pytest.raises(CommandError, match="elidable"):
        squashed_from(a_model("Thing"), RunSQL("CREATE FUNCTION ..."))


def tables() -> set[str]:
    names = {"clinic_first", "clinic_second"}
    return names & set(connection.introspection.table_names())


def columns(table: str) -> list[str]:
    with connection.cursor() as cursor:
        return [each.name for each in connection.introspection.get_table_description(cursor, table)]


@pytest.mark.django_db
def test_models_are_made_together_whatever_their_order_and_go_together():
    to_second = models.ForeignKey("clinic.Second", models.PROTECT)
    both = CreateModels([a_model("First", ("second", to_second)), a_model("Second")])
    before, after = ProjectState(), ProjectState()
    both.state_forwards("clinic", after)
    with connection.schema_editor() as editor:
        both.database_forwards("clinic", editor, before, after)
    assert tables() == {"clinic_first", "clinic_second"}
    assert columns("clinic_first") == ["id", "second_id"]
    with connection.schema_editor() as editor:
        both.database_backwards("clinic", editor, after, before)
    assert tables() == set()
