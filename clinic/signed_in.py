"""Who is signed in: what every page asks for, read in two prepared statements."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.models import Session
from django.utils import timezone

from clinic.models import Clinic, Membership, User
from clinic.statements import columns, made, names, read_all, read_one, table


class SessionStore(DatabaseStore):
    """Django's own, read by constant SQL; `SESSION_ENGINE` names this module."""

    def _get_session_from_db(self) -> Session | None:
        row = read_one(_session_sql(), [self.session_key, timezone.now()])
        if row is None:
            self._session_key = None
            return None
        return made(Session, row)


def user_with_memberships(pk: int) -> User | None:
    """Return the user, who already knows where he works now."""
    rows = read_all(_user_sql(), [pk])
    if not rows:
        return None
    users, memberships = len(names(User)), len(names(Membership))
    user = made(User, rows[0][:users])
    user.current_memberships = [
        _membership(user, row[users:][:memberships], row[users + memberships :])
        for row in rows
        if row[users] is not None
    ]
    return user


def _membership(user: User, values: Sequence[Any], clinic: Sequence[Any]) -> Membership:
    membership = made(Membership, values)
    membership.user, membership.clinic = user, made(Clinic, clinic)
    return membership


@cache
def _session_sql() -> str:
    return f"""
        SELECT {columns(Session)} FROM {table(Session)}
        WHERE session_key = %s AND expire_date > %s
    """


@cache
def _user_sql() -> str:
    user, membership, clinic = map(table, (User, Membership, Clinic))
    return f"""
        SELECT {columns(User)}, {columns(Membership)}, {columns(Clinic)}
        FROM {user}
        LEFT JOIN {membership} ON {membership}.user_id = {user}.id AND {membership}.is_active
        LEFT JOIN {clinic} ON {clinic}.id = {membership}.clinic_id
        WHERE {user}.id = %s
        ORDER BY {membership}.id
    """
