"""Write an app's migrations so far as one, for new databases: `squash LABEL...`.

Unlike Django's `squashmigrations` it puts triggers, constraints and late fields into the models
that they belong to. Databases that have begun with the old files go on with those.
"""

from argparse import ArgumentParser
from collections import defaultdict
from collections.abc import Iterator
from functools import singledispatchmethod
from pathlib import Path
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.db.migrations import AddField, AlterField, AlterModelOptions, CreateModel, Migration
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.operations.fields import FieldOperation
from django.db.migrations.operations.models import IndexOperation
from django.db.migrations.writer import MigrationWriter
from django.db.models import NOT_PROVIDED
from pgtrigger.migrations import AddTrigger, RemoveTrigger

from clinic.migration_operations import CreateModels

InTheModel = FieldOperation | IndexOperation | AlterModelOptions


class Command(BaseCommand):
    help = "Write the migrations of an app so far as one, for new databases."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("labels", nargs="+")

    def handle(self, *, labels: list[str], **options: Any) -> None:
        loader = MigrationLoader(None, replace_migrations=False)
        for label in labels:
            folder = Path(apps.get_app_config(label).path) / "migrations"
            for before in folder.glob("0001_squashed_*.py"):
                before.unlink()
            squashed = squash(label, originals(loader, label))
            path = folder / f"{squashed.name}.py"
            path.write_text(MigrationWriter(squashed).as_string())
            self.stdout.write(str(path))


def originals(loader: MigrationLoader, label: str) -> list[Migration]:
    """Return the app's migrations that replace no others, in their order."""
    mine = {key: each for key, each in loader.disk_migrations.items() if key[0] == label}
    single = {key for key, migration in mine.items() if not migration.replaces}
    last = [key for key in loader.graph.leaf_nodes(label) if key in single]
    if len(last) != 1:
        raise CommandError(f"{label}: {len(last)} last migrations instead of one.")
    return [mine[key] for key in loader.graph.forwards_plan(last[0]) if key in single]


def squash(label: str, migrations: list[Migration]) -> Migration:
    written = Written(label)
    for migration in migrations:
        for operation in migration.operations:
            written.add(operation, is_first=migration is migrations[0])
    parts = {
        "initial": True,
        "replaces": [(label, migration.name) for migration in migrations],
        "dependencies": list(_dependencies(label, migrations)),
        "operations": written.operations(),
    }
    kind = type("Migration", (Migration,), parts)
    return kind(f"0001_squashed_{migrations[-1].name}", label)


class Written:
    """What the operations so far come to: models with all that belongs to them, and the rest."""

    def __init__(self, label: str) -> None:
        self.label = label
        self.models: dict[str, CreateModel] = {}
        self.triggers: dict[str, dict[str, Any]] = defaultdict(dict)
        self.others: list[Operation] = []

    def operations(self) -> list[Operation]:
        for name, of_model in self.triggers.items():
            if of_model:
                self.models[name].options["triggers"] = list(of_model.values())
        return [*self.others, CreateModels(list(self.models.values()))]

    @singledispatchmethod
    def add(self, operation: Operation, *, is_first: bool) -> None:
        """What is no part of a model stays if the first file has it, or goes if it may."""
        if is_first:
            self.others.append(operation)
        elif not operation.elidable:
            raise CommandError(f"{self.label}: say `elidable` of {operation}, or squash by hand.")

    @add.register
    def _(self, operation: AddTrigger, *, is_first: bool) -> None:
        of_model = self.triggers[operation.model_name.lower()]
        of_model[str(operation.trigger.name)] = operation.trigger

    @add.register
    def _(self, operation: RemoveTrigger, *, is_first: bool) -> None:
        del self.triggers[operation.model_name.lower()][operation.name]

    @add.register
    def _(self, operation: CreateModel, *, is_first: bool) -> None:
        self.models[operation.name_lower] = operation

    @add.register
    def _(self, operation: InTheModel, *, is_first: bool) -> None:
        name = _model_of(operation)
        self.models[name] = _reduced(self.models[name], operation, self.label)


def _model_of(operation: Any) -> str:
    in_options = isinstance(operation, AlterModelOptions)
    return str(operation.name_lower if in_options else operation.model_name_lower)


def _reduced(model: CreateModel, operation: Operation, label: str) -> CreateModel:
    if isinstance(operation, AddField | AlterField) and not operation.preserve_default:
        operation.field = operation.field.clone()
        operation.field.default = NOT_PROVIDED
    reduced = model.reduce(operation, label)
    if not isinstance(reduced, list) or not isinstance(reduced[0], CreateModel):
        raise CommandError(f"{label}: {operation} doesn't go into its model; squash by hand.")
    return reduced[0]


def _dependencies(label: str, migrations: list[Migration]) -> Iterator[tuple[str, str]]:
    """Name the latest of each app that the old files ask for, and no later one: where all of them
    ran, nothing may be missing before this one.
    """
    latest: dict[str, tuple[str, str]] = {}
    for migration in migrations:
        for app, name in migration.dependencies:
            if app != label and name != "__first__":
                latest[app] = max(latest.get(app, (app, name)), (app, name))
    yield from latest.values()
