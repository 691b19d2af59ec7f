"""Write an app's migrations so far as one, for new databases: `squash LABEL...`.

Unlike Django's `squashmigrations` it puts triggers, constraints and late fields into the models
that they belong to. Databases that have begun with the old files go on with those.
"""

from argparse import ArgumentParser
from collections.abc import Iterator
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

IN_THE_MODEL = (FieldOperation, IndexOperation, AlterModelOptions)


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
    models: dict[str, CreateModel] = {}
    triggers: dict[str, dict[str, Any]] = {}
    others: list[Operation] = []
    for migration in migrations:
        for operation in migration.operations:
            if isinstance(operation, AddTrigger):
                of_model = triggers.setdefault(operation.model_name.lower(), {})
                of_model[str(operation.trigger.name)] = operation.trigger
            elif isinstance(operation, RemoveTrigger):
                del triggers[operation.model_name.lower()][operation.name]
            elif isinstance(operation, CreateModel):
                models[operation.name_lower] = operation
            elif isinstance(operation, IN_THE_MODEL):
                name = _model_of(operation)
                models[name] = _reduced(models[name], operation, label)
            elif migration is migrations[0]:
                others.append(operation)
            elif not operation.elidable:
                raise CommandError(f"{label}: say `elidable` of {operation}, or squash by hand.")
    for name, of_model in triggers.items():
        if of_model:
            models[name].options["triggers"] = list(of_model.values())
    parts = {
        "initial": True,
        "replaces": [(label, migration.name) for migration in migrations],
        "dependencies": list(_dependencies(label, migrations)),
        "operations": [*others, CreateModels(list(models.values()))],
    }
    kind = type("Migration", (Migration,), parts)
    return kind(f"0001_squashed_{migrations[-1].name}", label)


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
