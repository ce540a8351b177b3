#!/bin/bash
# Runs once, in a new database: the role that Chronos works as, which owns its database and nothing else.
set -euo pipefail

psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username postgres --dbname postgres \
    --set "password=$(cat /var/lib/chronos/secrets/db_password)" <<'SQL'
CREATE ROLE chronos LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'password';
CREATE DATABASE chronos OWNER chronos;
REVOKE ALL ON DATABASE chronos FROM PUBLIC;
SQL
