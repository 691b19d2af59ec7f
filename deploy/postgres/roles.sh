#!/bin/bash
# Runs once, on an empty cluster: the database, the role that owns it and changes its tables, and
# the role of the application, which may change rows and nothing else.
set -euo pipefail

password_in() { # postgres://user:PASSWORD@host/name
    local rest=${1#*://*:}
    echo "${rest%%@*}"
}

psql -v ON_ERROR_STOP=1 --quiet --username "${POSTGRES_USER:-postgres}" --dbname postgres \
    -v name="${DATABASE_URL##*/}" \
    -v owner_password="$(password_in "$MIGRATE_DATABASE_URL")" \
    -v app_password="$(password_in "$DATABASE_URL")" <<'SQL'
CREATE ROLE taper_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE taper_app LOGIN PASSWORD :'app_password';
CREATE DATABASE :"name" OWNER taper_owner;
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"name" TO taper_app;
\connect :"name"
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO taper_app;
ALTER DEFAULT PRIVILEGES FOR ROLE taper_owner IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO taper_app;
ALTER DEFAULT PRIVILEGES FOR ROLE taper_owner IN SCHEMA public
    GRANT USAGE, SELECT ON SEQUENCES TO taper_app;
SQL
