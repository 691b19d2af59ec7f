"""Make the floor's tables and rows; print the key of a signed-in session."""

import json

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.contrib.sessions.backends.db import SessionStore
from django.core.management import call_command
from django.db import connection

ROWS = """
    INSERT INTO floor_patient (name, code, born_on, phone, email, sex)
    SELECT 'Patient ' || md5(n::text), 'P' || n, date '1990-01-01' - n %% 20000, '+1 555 ' || n,
           'patient' || n || '@example.org', 'unknown'
    FROM generate_series(1, %(patients)s) n;
    INSERT INTO floor_course (patient_id, phase, started_on)
    SELECT id, 'induction', date '2026-01-05' FROM floor_patient;
    INSERT INTO floor_vitals (patient_id, at, systolic, diastolic, pulse, spo2)
    SELECT id, now() - n * interval '1 hour', 120 + n, 80, 70, 97
    FROM floor_patient, generate_series(1, 10) n;
"""


def main(patients: str) -> None:
    call_command("migrate", run_syncdb=True, verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute(ROWS, {"patients": int(patients)})
        cursor.execute("VACUUM ANALYZE")
    print(json.dumps({"session": _signed_in()}))


def _signed_in() -> str:
    user = get_user_model().objects.create_user("floor")
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return str(session.session_key)
