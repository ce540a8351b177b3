#!/bin/sh
# Stand-in for the start of the public NGINX image, as its documentation has it: what is executable in /docker-entrypoint.d runs in the
# order of its name, *.envsh in one shell (which is not the one that becomes nginx), *.sh each in its own; others are passed over.
set -e

say() { [ -n "${NGINX_ENTRYPOINT_QUIET_LOGS:-}" ] || echo "$0: $*"; }

if [ "$1" = nginx ]; then
    find /docker-entrypoint.d/ -follow -type f | sort -V | while read -r part; do
        if [ ! -x "$part" ]; then
            say "$part is not executable: passed over"
            continue
        fi
        # shellcheck source=/dev/null
        case $part in
            *.envsh) say "reads $part"; . "$part" ;;
            *.sh) say "runs $part"; "$part" ;;
            *) say "passes over $part" ;;
        esac
    done
fi
exec "$@"
