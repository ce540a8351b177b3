#!/bin/bash
# Stand-in for the start of the public PostgreSQL image, as its documentation has it: POSTGRES_USER, _PASSWORD and _DB (each also
# as *_FILE), POSTGRES_INITDB_ARGS, PGDATA, /docker-entrypoint-initdb.d. The server's arguments hold during the first start, too.
set -euo pipefail
shopt -s nullglob

of_file() { # NAME DEFAULT: the variable's value, or that of the file which NAME_FILE names
    local file=${1}_FILE
    if [ -n "${!1:-}" ] && [ -n "${!file:-}" ]; then
        echo "standin-postgres: $1 and $file are both set" >&2
        exit 1
    fi
    if [ -n "${!file:-}" ]; then export "$1=$(< "${!file}")"; else export "$1=${!1:-$2}"; fi
    unset "$file"
}

case ${1:-} in -*) set -- postgres "$@" ;; esac
[ "${1:-}" = postgres ] || exec "$@"

mkdir -p "$PGDATA"
chmod 0700 "$PGDATA" || true
if [ "$(id -u)" = 0 ]; then
    find "$PGDATA" /var/run/postgresql ! -user postgres -exec chown postgres {} +
    exec gosu postgres "$0" "$@"
fi

if [ ! -s "$PGDATA/PG_VERSION" ]; then
    of_file POSTGRES_PASSWORD ''
    of_file POSTGRES_USER postgres
    of_file POSTGRES_DB "$POSTGRES_USER"
    of_file POSTGRES_INITDB_ARGS ''
    if [ -z "$POSTGRES_PASSWORD" ] && [ "${POSTGRES_HOST_AUTH_METHOD:-}" != trust ]; then
        echo "standin-postgres: POSTGRES_PASSWORD is empty" >&2
        exit 1
    fi
    # Its arguments come as one string that quotes like a shell
    eval 'initdb -D "$PGDATA" --username="$POSTGRES_USER" --pwfile=<(printf "%s\n" "$POSTGRES_PASSWORD") '"$POSTGRES_INITDB_ARGS"
    printf '\nhost all all all %s\n' "${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}" >> "$PGDATA/pg_hba.conf"

    export PGPASSWORD=$POSTGRES_PASSWORD
    sql() { PGHOST='' PGHOSTADDR='' psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --no-password --no-psqlrc "$@"; }
    PGUSER=${PGUSER:-$POSTGRES_USER} pg_ctl -D "$PGDATA" -w -o "$(printf '%q ' "${@:2}" -c listen_addresses= -p "${PGPORT:-5432}")" start
    if ! sql --dbname postgres --set db="$POSTGRES_DB" -tA <<< "SELECT 1 FROM pg_database WHERE datname = :'db'" | grep -q 1; then
        sql --dbname postgres --set db="$POSTGRES_DB" <<< 'CREATE DATABASE :"db"'
    fi
    for file in /docker-entrypoint-initdb.d/*; do
        echo "standin-postgres: $file"
        # shellcheck source=/dev/null
        case $file in
            *.sh) if [ -x "$file" ]; then "$file"; else . "$file"; fi ;;
            *.sql) sql --dbname "$POSTGRES_DB" --file "$file" ;;
        esac
    done
    PGUSER=${PGUSER:-$POSTGRES_USER} pg_ctl -D "$PGDATA" -m fast -w stop
    unset PGPASSWORD
    echo "standin-postgres: the database is made"
fi
exec "$@"
