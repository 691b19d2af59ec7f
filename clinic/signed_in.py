"""Who is signed in: what every page asks for, read in two prepared statements."""

from collections.abc import Sequence
from functools import cache
from typing import Any, TypeVar

from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.models import Session
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Model
from django.utils import timezone

from clinic.models import Clinic, Membership, User
from clinic.statements import read_all

Row = TypeVar("Row", bound=Model)


class SessionStore(DatabaseStore):
    """Django's own, read by constant SQL; `SESSION_ENGINE` names this module."""

    def _get_session_from_db(self) -> Session | None:
        rows = read_all(_session_sql(), [self.session_key, timezone.now()])
        if not rows:
            self._session_key = None
            return None
        return _made(Session, rows[0])


def user_with_memberships(pk: int) -> User | None:
    """Return the user, who already knows where he works now."""
    rows = read_all(_user_sql(), [pk])
    if not rows:
        return None
    users, memberships = len(_names(User)), len(_names(Membership))
    user = _made(User, rows[0][:users])
    user.current_memberships = [
        _membership(user, row[users:][:memberships], row[users + memberships :])
        for row in rows
        if row[users] is not None
    ]
    return user


def _membership(user: User, values: Sequence[Any], clinic: Sequence[Any]) -> Membership:
    membership = _made(Membership, values)
    membership.user, membership.clinic = user, _made(Clinic, clinic)
    return membership


@cache
def _session_sql() -> str:
    table = _table(Session)
    return f"""
        SELECT {_columns(Session)} FROM {table} WHERE session_key = %s AND expire_date > %s
    """


@cache
def _user_sql() -> str:
    user, membership, clinic = map(_table, (User, Membership, Clinic))
    return f"""
        SELECT {_columns(User)}, {_columns(Membership)}, {_columns(Clinic)}
        FROM {user}
        LEFT JOIN {membership} ON {membership}.user_id = {user}.id AND {membership}.is_active
        LEFT JOIN {clinic} ON {clinic}.id = {membership}.clinic_id
        WHERE {user}.id = %s
        ORDER BY {membership}.id
    """


def _table(model: type[Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


def _columns(model: type[Model]) -> str:
    columns = (connection.ops.quote_name(str(f.column)) for f in model._meta.concrete_fields)
    return ", ".join(f"{_table(model)}.{column}" for column in columns)


@cache
def _names(model: type[Model]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields]


def _made(model: type[Row], values: Sequence[Any]) -> Row:
    return model.from_db(DEFAULT_DB_ALIAS, _names(model), values)
