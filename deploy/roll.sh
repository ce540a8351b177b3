#!/bin/sh
# Restart all webs, one after the other: each only when the one before may be sent requests again, so that nobody is
# turned away. With one web alone people see the page that says that it will be back.
#
#   deploy/roll.sh [docker|podman] [project]      project: what compose calls this stack, chronos unless it is told
set -eu

engine=${1:-${CHRONOS_ENGINE:-docker}}
project=${2:-${COMPOSE_PROJECT_NAME:-chronos}}
patience=90 # seconds that a web has to become ready

webs=$("$engine" ps --quiet --filter "label=com.docker.compose.project=$project" --filter label=com.docker.compose.service=web)
[ -n "$webs" ] || { echo "roll: no web of the project $project runs." >&2; exit 1; }

ready() { "$engine" exec "$1" python -m quart_app.healthcheck >/dev/null 2>&1; }

for web in $webs; do
    # It ends the streams, gives up its port, and answers what is on its way.
    "$engine" restart --time 20 "$web" >/dev/null
    # Itself is asked, not the engine: the engine may still tell what was before the restart.
    waited=0
    until ready "$web"; do
        waited=$((waited + 1))
        [ "$waited" -lt "$patience" ] || { echo "roll: $web is not ready after $patience s; the others were left alone." >&2; exit 1; }
        sleep 1
    done
    # The proxy remembers for a second where the webs are, and this one may have another address now.
    sleep 2
    echo "roll: $web is back"
done
