#!/bin/sh
# Run once by the PostgreSQL container when the database is made: the role of web and worker.
# `manage.py migrate` gives it its rights (THIRDS_DATABASE_ROLE).
set -eu
psql -v ON_ERROR_STOP=1 -v password="$POSTGRES_WEB_PASSWORD" \
    --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
CREATE ROLE thirds_web LOGIN PASSWORD :'password';
SQL
