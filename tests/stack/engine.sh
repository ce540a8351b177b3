#!/bin/bash
# A Docker engine with compose v2 for the stack test: the one that answers already, else a private one in FOLDER, made of Debian's
# packages, unpacked and not installed.
#   engine.sh start FOLDER     afterwards: . FOLDER/env
#   engine.sh stop FOLDER      ends it and takes its bridges, its firewall tables and ip_forward back; FOLDER stays as a cache
# An engine that was there before is neither touched nor stopped.
set -euo pipefail

# Debian 13: the first release with compose v2
readonly release=trixie

die() { echo "engine.sh: $*" >&2; exit 1; }

case "${1:-} $#" in "start 2" | "stop 2") ;; *) sed -n '2,6s/^# \{0,1\}//p' "$0" >&2; exit 2 ;; esac
mkdir -p "$2"
folder=$(cd "$2" && pwd)
[[ $folder =~ ^[A-Za-z0-9/._+-]+$ ]] || die "the folder's name may hold letters, digits and / . _ + - only: $folder"

# This engine's or a foreign one's: whatever the client would talk to.
answers() { docker info >/dev/null 2>&1 && [[ $(docker compose version --short 2>/dev/null) =~ ^v?[2-9] ]]; }
others_run() { # is a dockerd at work in this network that is not the one of id $1?
    local found
    for found in $(pidof dockerd); do
        [ "$found" = "$1" ] || [ "$(readlink "/proc/$found/ns/net")" != "$(readlink /proc/self/ns/net)" ] || return 0
    done
    return 1
}
running() { [ -s "$folder/dockerd.pid" ] && kill -0 "$(cat "$folder/dockerd.pid")" 2>/dev/null; }

# Where this machine gets its own packages, and the key that it trusts.
mirror() { grep -hE '^(URIs:|deb )' /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | grep -oE 'https?://[^ ]+/debian/?( |$)' | head -n 1 | tr -d ' '; }

need_debian() {
    [ "$(id -u)" = 0 ] || die "no Docker engine with compose v2 answers, and starting a private one needs root"
    command -v apt-get >/dev/null && [ -s /usr/share/keyrings/debian-archive-keyring.gpg ] && [ -n "$(mirror)" ] ||
        die "no Docker engine with compose v2 answers, and making one needs Debian with a package mirror: install docker and its compose plugin"
}

install_packages() { # of this machine: what the engine calls but does not hold
    command -v iptables >/dev/null && return
    if ! { apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends iptables; } > "$folder/install.log" 2>&1; then
        tail -n 20 "$folder/install.log" >&2
        die "iptables is missing and could not be installed"
    fi
}

unpack() {
    local parts=$folder/parts apt package name
    rm -rf "$parts" "${folder:?}/bin" "$folder/config"
    mkdir -p "$parts"/{lists,debs}/partial "$parts/root" "$folder/bin" "$folder/config/cli-plugins"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(mirror) $release main" > "$parts/sources.list"
    apt=(apt-get -q -o APT::Sandbox::User=root -o "Dir::Etc::sourcelist=$parts/sources.list" -o Dir::Etc::sourceparts=/dev/null
        -o "Dir::State::Lists=$parts/lists" -o "Dir::Cache::archives=$parts/debs"
        -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=)
    "${apt[@]}" update
    cd "$parts/debs"
    "${apt[@]}" download docker.io docker-cli docker-compose docker-buildx containerd tini
    # The machine's own runc, since the newer one asks for a newer C library
    apt-get -q -o APT::Sandbox::User=root download runc || { apt-get -q update && apt-get -q -o APT::Sandbox::User=root download runc; }
    for package in ./*.deb; do dpkg -x "$package" "$parts/root"; done
    cd "$folder"
    for name in sbin/docker-proxy bin/docker bin/containerd bin/containerd-shim-runc-v2 sbin/runc; do ln -s "../parts/root/usr/$name" bin/; done
    ln -s ../parts/root/usr/bin/tini-static bin/docker-init
    for name in parts/root/usr/libexec/docker/cli-plugins/docker-*; do ln -s "../../$name" config/cli-plugins/; done
    rm -rf "$parts/debs" "$parts/lists"
    ln -s ../parts/root/usr/sbin/dockerd bin/    # last: it says that all is there
}

start() {
    local limit options=()
    if ! running && answers; then
        echo "# The engine that was there already" > "$folder/env"
        return
    fi
    need_debian
    if [ ! -x "$folder/bin/dockerd" ]; then
        trap 'tail -n 20 "$folder/unpack.log" >&2; die "the packages of the engine could not be fetched"' EXIT
        unpack > "$folder/unpack.log" 2>&1
        trap - EXIT
    fi
    echo "export PATH=$folder/bin:\$PATH DOCKER_CONFIG=$folder/config DOCKER_HOST=unix://$folder/docker.sock" > "$folder/env"
    # shellcheck source=/dev/null
    . "$folder/env"
    running && answers && return
    install_packages
    if [ ! -e "$folder/before" ]; then    # what is left of a run that was cut off is no part of the machine
        mkdir -p "$folder/before.new"
        cat /proc/sys/net/ipv4/ip_forward > "$folder/before.new/forward"
        ip -br link > "$folder/before.new/devices"
        { nft list tables 2>/dev/null || true; } > "$folder/before.new/tables"
        mv "$folder/before.new" "$folder/before"
    fi
    # Docker's usual limit of open files is more than a machine without CAP_SYS_RESOURCE may give
    limit=$(ulimit -Hn)
    [ "$limit" = unlimited ] || options=(--default-ulimit "nofile=$limit:$limit")
    rm -f "$folder/dockerd.pid"
    setsid dockerd --data-root "$folder/data" --exec-root "$folder/exec" --host "$DOCKER_HOST" --pidfile "$folder/dockerd.pid" "${options[@]}" \
        > "$folder/dockerd.log" 2>&1 < /dev/null &
    for _ in {1..120}; do
        answers && return
        kill -0 $! 2>/dev/null || break
        sleep 0.25
    done
    tail -n 20 "$folder/dockerd.log" >&2
    die "the private engine does not answer; its log: $folder/dockerd.log"
}

stop() {
    local daemon device table bridges=() shared=false
    running || return 0
    daemon=$(cat "$folder/dockerd.pid")
    # shellcheck source=/dev/null
    . "$folder/env"
    others_run "$daemon" && shared=true    # two engines share docker0 and the tables: the last one clears up
    # Containers first, while their networks can still be told from foreign ones
    docker ps -q | xargs -r docker stop >/dev/null 2>&1 || true
    for device in $(docker network ls -q --no-trunc --filter driver=bridge | cut -c1-12); do bridges+=("br-$device"); done
    $shared || bridges+=(docker0)
    kill "$daemon"
    for _ in {1..160}; do kill -0 "$daemon" 2>/dev/null || break; sleep 0.25; done
    kill -0 "$daemon" 2>/dev/null && die "dockerd ($daemon) does not end"
    for device in "${bridges[@]}"; do
        grep -q "^$device " "$folder/before/devices" || ip link delete "$device" 2>/dev/null || true
    done
    $shared && return
    for table in "ip nat" "ip filter" "ip raw" "ip6 nat" "ip6 filter" "ip6 raw"; do
        grep -qx "table $table" "$folder/before/tables" || nft delete table "${table% *}" "${table#* }" 2>/dev/null || true
    done
    cat "$folder/before/forward" > /proc/sys/net/ipv4/ip_forward
    rm -r "$folder/before"
}

"$1"
