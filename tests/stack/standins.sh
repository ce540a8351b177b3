#!/bin/bash
# The base images of the Containerfile, under their public names: what is there stays, what a registry gives is pulled, and only where
# none is reached they are made of Debian's packages and the folder standins. What is made is kept in FOLDER, outside of the checkout.
#   standins.sh FOLDER COMMAND…     the engine's command: docker, or podman
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)/standins
label=chronos.standin
names=(python:3.13-slim-trixie postgres:17-trixie nginx:1.30-trixie)
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
authorities=/etc/ssl/certs/ca-certificates.crt

say() { echo "standins.sh: $*"; }
die() { say "$*" >&2; exit 1; }

[ $# -gt 1 ] || { sed -n '2,4s/^# \{0,1\}//p' "$0" >&2; exit 2; }
mkdir -p "$1"
cache=$(cd "$1" && pwd)
engine=("${@:2}")

# ---- What they are made of: release, packages, and what is done to the tree "$1" ("$here" is the folder standins)

declare -A release packages before after changes
path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

# The hooks are scripts of their own, which mmdebstrap runs: what looks like an expansion is theirs.
# shellcheck disable=SC2016
{
    release[python]=trixie
    packages[python]=python3,python3-venv,python3-pip
    after[python]='
        rm -f "$1"/usr/lib/python3*/EXTERNALLY-MANAGED
        for name in python python3 python3.13; do ln -s /usr/bin/python3 "$1/usr/local/bin/$name"; done
        ln -s /usr/bin/pip3 "$1/usr/local/bin/pip"'
    changes[python]="ENV PATH=$path|ENV LANG=C.UTF-8|CMD [\"python3\"]"

    release[postgres]=trixie
    packages[postgres]=postgresql-17,gosu,locales,openssl,xz-utils,zstd
    # The public image's number for its user
    before[postgres]='
        echo "postgres:x:999:999::/var/lib/postgresql:/bin/bash" >> "$1/etc/passwd"
        echo "postgres:x:999:" >> "$1/etc/group"
        mkdir -p "$1/etc/postgresql-common"
        echo "create_main_cluster = false" > "$1/etc/postgresql-common/createcluster.conf"'
    after[postgres]='
        install -m 755 "$here/postgres-entrypoint.sh" "$1/usr/local/bin/docker-entrypoint.sh"
        chroot "$1" localedef -i en_US -c -f UTF-8 en_US.UTF-8
        sed -ri "s/^#?listen_addresses\s*=\s*\S+/listen_addresses = '\''*'\''/" "$1/usr/share/postgresql/17/postgresql.conf.sample"
        mkdir "$1/docker-entrypoint-initdb.d"
        chroot "$1" install -d -o postgres -g postgres -m 3777 /var/run/postgresql
        chroot "$1" install -d -o postgres -g postgres -m 1777 /var/lib/postgresql /var/lib/postgresql/data'
    changes[postgres]="ENV PATH=$path:/usr/lib/postgresql/17/bin|ENV LANG=en_US.utf8|ENV PG_MAJOR=17|ENV PGDATA=/var/lib/postgresql/data"
    changes[postgres]+='|VOLUME /var/lib/postgresql/data|EXPOSE 5432|ENTRYPOINT ["docker-entrypoint.sh"]|CMD ["postgres"]'

    # Debian's coming release has the very NGINX that the public image holds
    release[nginx]=forky
    packages[nginx]=nginx-light,gettext-base,curl,openssl
    before[nginx]='
        echo "nginx:x:101:101:nginx user:/nonexistent:/bin/false" >> "$1/etc/passwd"
        echo "nginx:x:101:" >> "$1/etc/group"'
    after[nginx]='
        rm -rf "$1"/etc/nginx/sites-* "$1"/etc/nginx/modules-enabled "$1"/etc/nginx/snippets "$1"/etc/nginx/conf.d/*
        mkdir -p "$1/etc/nginx/conf.d" "$1/docker-entrypoint.d" "$1/usr/share/nginx/html"
        install -m 755 "$here/nginx-entrypoint.sh" "$1/docker-entrypoint.sh"
        install -m 755 "$here/nginx-15-local-resolvers.envsh" "$1/docker-entrypoint.d/15-local-resolvers.envsh"
        install -m 755 "$here/nginx-20-envsubst-on-templates.sh" "$1/docker-entrypoint.d/20-envsubst-on-templates.sh"
        install -m 644 "$here/nginx.conf" "$1/etc/nginx/nginx.conf"
        install -m 644 "$here/nginx-default.conf" "$1/etc/nginx/conf.d/default.conf"
        ln -sf /dev/stdout "$1/var/log/nginx/access.log"
        ln -sf /dev/stderr "$1/var/log/nginx/error.log"'
    changes[nginx]="ENV PATH=$path|EXPOSE 80|ENTRYPOINT [\"/docker-entrypoint.sh\"]|CMD [\"nginx\",\"-g\",\"daemon off;\"]"
}

key() { # of a stand-in: it changes with everything that goes into it
    local part
    {
        echo "${release[$1]}|${packages[$1]}|${before[$1]:-}|${after[$1]}|${changes[$1]}"
        for part in "$here/$1"[-.]* "$authorities"; do [ ! -e "$part" ] || cat "$part"; done
    } | sha256sum | cut -c1-16
}

# Where this machine gets its own packages.
mirror() { grep -hE '^(URIs:|deb )' /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | grep -oE 'https?://[^ ]+/debian/?( |$)' | head -n 1 | tr -d ' '; }

need_debian() {
    [ -s "$keyring" ] && [ -n "$(mirror)" ] ||
        die "no registry is reached, and making the base images needs Debian with a package mirror"
    command -v mmdebstrap >/dev/null && return
    [ "$(id -u)" = 0 ] || die "no registry is reached, and making the base images needs mmdebstrap: apt install mmdebstrap"
    if ! { apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends mmdebstrap; } > "$cache/install.log" 2>&1; then
        tail -n 20 "$cache/install.log" >&2
        die "mmdebstrap is missing and could not be installed"
    fi
}

make() { # NAME: its tree as $cache/NAME.tar
    local name=$1 tree=$cache/$1.tar options=()
    [ -s "$tree" ] && [ "$(cat "$tree.key" 2>/dev/null)" = "$(key "$name")" ] && return
    [ -z "${before[$name]:-}" ] || options+=(--essential-hook="${before[$name]}")
    # What a build fetches by TLS may come through an authority of this machine's
    [ ! -s "$authorities" ] || options+=(--customize-hook="copy-in $authorities /etc/ssl/certs/")
    # Signatures are checked; but a mirror's copy of the coming release may be older than its date allows.
    # mmdebstrap would empty /run, where PostgreSQL's socket is to be.
    here=$here mmdebstrap --quiet --format=tar --variant=minbase --skip=cleanup/run --keyring="$keyring" \
        --include="ca-certificates,netbase,tzdata,${packages[$name]}" \
        --aptopt='Apt::Install-Recommends "false"' --aptopt='Acquire::Check-Valid-Until "false"' \
        --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
        "${options[@]}" --customize-hook="${after[$name]}" "${release[$name]}" "$tree.new" "$(mirror)" > "$cache/$name.log" 2>&1 ||
        { tail -n 20 "$cache/$name.log" >&2; return 1; }
    mv "$tree.new" "$tree"
    key "$name" > "$tree.key"
}

load() { # NAME PUBLIC
    local change options=()
    while IFS= read -r -d '|' change; do options+=(--change "$change"); done <<< "${changes[$1]}|"
    "${engine[@]}" import "${options[@]}" --change "LABEL $label=$(key "$1")" - "$2" < "$cache/$1.tar" > "$cache/$1.import.log" 2>&1 ||
        { cat "$cache/$1.import.log" >&2; return 1; }
}

missing=()
for name in "${names[@]}"; do
    public=docker.io/library/$name
    if "${engine[@]}" image inspect "$public" >/dev/null 2>&1; then
        made=$("${engine[@]}" image inspect --format "{{index .Config.Labels \"$label\"}}" "$public" 2>/dev/null || true)
        case $made in
            "" | "<no value>") say "$public is here"; continue ;;
            "$(key "${name%%:*}")") say "$public is here, a stand-in"; continue ;;
        esac
    fi
    missing+=("$name")
done
[ ${#missing[@]} -gt 0 ] || exit 0

# Asked once: without a registry this fails at once, or after its time
if timeout 15 "${engine[@]}" manifest inspect "docker.io/library/${missing[0]}" >/dev/null 2>&1; then
    for name in "${missing[@]}"; do
        say "pulls docker.io/library/$name"
        "${engine[@]}" pull --quiet "docker.io/library/$name" >/dev/null || die "docker.io/library/$name could not be pulled"
    done
    exit 0
fi

need_debian
exec 9> "$cache/lock"
flock 9
started=()
for name in "${missing[@]}"; do
    make "${name%%:*}" &
    started+=($!)
done
for id in "${started[@]}"; do wait "$id" || die "a stand-in could not be made"; done
for name in "${missing[@]}"; do
    load "${name%%:*}" "docker.io/library/$name"
    say "docker.io/library/$name is a stand-in of Debian's packages"
done
