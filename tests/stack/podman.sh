#!/bin/bash
# Podman with `podman compose` for the stack test: the one that answers already, where systemd asks after its containers' health; else
# Podman 5 and podman-compose in a root of their own in FOLDER: Debian 13's packages beside this machine's, with mounts and a network of
# their own. Nothing of this machine changes, and stop leaves no more than FOLDER.
#   podman.sh start FOLDER              makes and starts it, with the base images (see standins.sh)
#   podman.sh run FOLDER COMMAND…       runs a command in it: podman, podman-compose; the checkout lies where it lies outside
#   podman.sh net FOLDER COMMAND…       runs a command of this machine in its network, where the published ports are
#   podman.sh stop FOLDER
# `. FOLDER/env` puts podman and podman-compose that go in there before the machine's own.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
checkout=$(cd "$here/../.." && pwd)
readonly release=trixie compose=1.6.0
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
authorities=/etc/ssl/certs/ca-certificates.crt
packages=podman,buildah,runc,netavark,aardvark-dns,iptables,nftables,catatonit,conmon,docker-cli,docker-compose,docker-buildx
packages+=,python3-venv,iproute2,procps,ca-certificates,curl,slirp4netns,passt,fuse-overlayfs,uidmap

die() { echo "podman.sh: $*" >&2; exit 1; }

usage() { sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 2; }

case "${1:-}" in start | stop | inside) [ $# = 2 ] || usage ;; run | net) [ $# -gt 2 ] || usage ;; *) usage ;; esac
action=$1
mkdir -p "$2"
folder=$(cd "$2" && pwd)
[[ $folder =~ ^[A-Za-z0-9/._+-]+$ ]] || die "the folder's name may hold letters, digits and / . _ + - only: $folder"
shift 2
root=$folder/root

running() { [ -s "$folder/pid" ] && [ "$(cat "/proc/$(cat "$folder/pid")/comm" 2>/dev/null)" = catatonit ]; }

# The machine's own: new enough to find a compose, and with timers for health checks.
answers() { [ -d /run/systemd/system ] && podman info >/dev/null 2>&1 && [[ $(podman compose version --short 2>/dev/null) =~ ^v?[2-9] ]]; }

run() {
    local where=$checkout
    [ ! -e "$folder/own" ] || exec "$@"
    running || die "it is not started"
    case $PWD/ in "$checkout"/*) where=$PWD ;; esac
    exec nsenter --target "$(cat "$folder/pid")" --mount --net --uts --ipc --pid --wdns="$where" \
        env -u DOCKER_CONFIG -u XDG_RUNTIME_DIR -u SSL_CERT_FILE -u SSL_CERT_DIR HOME=/root PATH=/opt/compose/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        DOCKER_HOST=unix:///run/podman/podman.sock PODMAN_IGNORE_CGROUPSV1_WARNING=1 BUILDAH_FORMAT=docker "$@"
}

net() {
    [ ! -e "$folder/own" ] || exec "$@"
    running || die "it is not started"
    exec nsenter --target "$(cat "$folder/pid")" --net "$@"
}

# Where this machine gets its own packages.
mirror() { grep -hE '^(URIs:|deb )' /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | grep -oE 'https?://[^ ]+/debian/?( |$)' | head -n 1 | tr -d ' '; }

make_root() {
    local options=()
    rm -rf --one-file-system "$root" "$root.new"
    [ ! -s "$authorities" ] || options=(--customize-hook="copy-in $authorities /etc/ssl/certs/")
    mmdebstrap --quiet --variant=minbase --keyring="$keyring" --aptopt='Apt::Install-Recommends "false"' --include="$packages" \
        --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' "${options[@]}" "$release" "$root.new" "$(mirror)"
    mkdir -p "$root.new$checkout" "$root.new/etc/containers"
    configure "$root.new"
    # The installer's own settings of this machine: its index may be another one
    cp /etc/pip.conf "$root.new/etc/" 2>/dev/null || true
    cp /etc/resolv.conf "$root.new/etc/resolv.conf"
    chroot "$root.new" python3 -m venv /opt/compose
    chroot "$root.new" env -u PIP_CERT -u REQUESTS_CA_BUNDLE -u SSL_CERT_FILE /opt/compose/bin/pip install --quiet "podman-compose==$compose"
    # From here on names are asked of the network stack, see connect
    echo "nameserver 10.0.2.3" > "$root.new/etc/resolv.conf"
    mv "$root.new" "$root"
}

configure() { # TREE: what Podman must be told where there is no systemd
    local limit
    limit=$(ulimit -Hn)
    [ "$limit" != unlimited ] || limit=1048576
    cat > "$1/etc/containers/containers.conf" <<X
[containers]
# No more than this machine may give
default_ulimits = ["nofile=$limit:$limit", "nproc=32768:32768"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
# crun refuses a machine with both versions of cgroups
runtime = "runc"
compose_providers = ["/usr/libexec/docker/cli-plugins/docker-compose"]
compose_warning_logs = false
[network]
network_backend = "netavark"
firewall_driver = "nftables"
X
    printf '[storage]\ndriver = "overlay"\ngraphroot = "/var/lib/containers/storage"\nrunroot = "/run/containers/storage"\n' > "$1/etc/containers/storage.conf"
}

# In namespaces of its own: the tree becomes the root, and catatonit takes in orphans. When it ends, so does all that runs in there.
inside() {
    mount --make-rprivate /
    mount --bind "$root" "$root"
    mount --bind "$checkout" "$root$checkout"
    mount -t proc proc "$root/proc"
    mount -t sysfs sysfs "$root/sys"
    mount --rbind /sys/fs/cgroup "$root/sys/fs/cgroup"
    mount --rbind /dev "$root/dev"
    mount -t tmpfs -o mode=0755 tmpfs "$root/run"
    mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
    mkdir -p "$root/run/podman" "$root/run/lock" "$root/old"
    cd "$root"
    pivot_root . old
    umount -l /old
    ip link set lo up
    exec /usr/bin/catatonit -P < /dev/null
}

# The way out: a network stack in user space, so that neither bridges nor firewall rules of this machine are needed.
connect() {
    # shellcheck disable=SC2016
    unshare --mount --propagation private setsid sh -c '
        mount --rbind /dev "$1/dev" && mount -t proc proc "$1/proc" && exec chroot "$1" slirp4netns --configure --mtu=65520 --disable-host-loopback "$2" tap0' \
        sh "$root" "$(cat "$folder/pid")" > "$folder/network.log" 2>&1 < /dev/null &
    echo $! > "$folder/network.pid"
    for _ in {1..100}; do
        ! net ip -4 -br address show tap0 2>/dev/null | grep -q 10.0.2 || return 0
        sleep 0.05
    done
    die "no network: $folder/network.log"
}

# Podman's health checks are timers of systemd. Without one this asks in its place, each container at its own interval.
watch_health() {
    # shellcheck disable=SC2016
    run bash -c '
        declare -A asked
        while sleep 0.5; do
            while read -r id seconds; do
                [ "${seconds:-0}" -gt 0 ] 2>/dev/null || continue
                [ $((SECONDS - ${asked[$id]:--9999})) -ge "$seconds" ] || continue
                asked[$id]=$SECONDS
                timeout 20 podman healthcheck run "$id" &
            done < <(podman ps -q | xargs -r podman inspect --format "{{.Id}} {{with .Config.Healthcheck}}{{printf \"%.0f\" .Interval.Seconds}}{{end}}")
        done'
}

start() {
    local name pid
    rm -f "$folder/own"
    if ! running && answers; then
        touch "$folder/own"
        echo "# The Podman that was there already" > "$folder/env"
        "$here/standins.sh" "${XDG_CACHE_HOME:-$HOME/.cache}/chronos-stack/standins" podman
        return
    fi
    [ "$(id -u)" = 0 ] || die "a root of its own needs root"
    echo "export PATH=$folder/bin:\$PATH" > "$folder/env"
    mkdir -p "$folder/bin"
    for name in podman podman-compose; do
        printf '#!/bin/sh\nexec "%s" run "%s" %s "$@"\n' "$here/podman.sh" "$folder" "$name" > "$folder/bin/$name"
        chmod +x "$folder/bin/$name"
    done
    if ! running; then
        if [ ! -d "$root" ]; then
            if [ ! -s "$keyring" ] || [ -z "$(mirror)" ] || ! command -v mmdebstrap >/dev/null; then
                die "making it needs Debian with a package mirror, and mmdebstrap: apt install mmdebstrap"
            fi
            trap 'tail -n 20 "$folder/root.log" >&2; die "the root could not be made"' EXIT
            make_root > "$folder/root.log" 2>&1
            trap - EXIT
        fi
        configure "$root"
        unshare --mount --net --uts --ipc --pid --fork --kill-child setsid "$here/podman.sh" inside "$folder" > "$folder/inside.log" 2>&1 < /dev/null &
        pid=$!
        for _ in {1..100}; do
            name=$(cat "/proc/$pid/task/$pid/children" 2>/dev/null) || true
            echo "${name%% *}" > "$folder/pid"
            ! running || break
            kill -0 $pid 2>/dev/null || break
            sleep 0.05
        done
        running || { cat "$folder/inside.log" >&2; die "its namespaces could not be made"; }
        connect
        (run podman system service --time=0 unix:///run/podman/podman.sock) > "$folder/service.log" 2>&1 < /dev/null &
        (watch_health) > "$folder/health.log" 2>&1 < /dev/null &
    fi
    "$here/standins.sh" "${XDG_CACHE_HOME:-$HOME/.cache}/chronos-stack/standins" "$folder/bin/podman"
}

stop() {
    local id hierarchy
    if running; then
        (run podman stop --all --time 10) > "$folder/stop.log" 2>&1 || true
        id=$(cat "$folder/pid")
        kill -KILL "$id"
        for _ in {1..100}; do [ -d "/proc/$id" ] || break; sleep 0.05; done
    fi
    ! [ -s "$folder/network.pid" ] || kill "$(cat "$folder/network.pid")" 2>/dev/null || true
    for hierarchy in /sys/fs/cgroup/*/libpod_parent; do
        [ ! -d "$hierarchy" ] || find "$hierarchy" -depth -type d -exec rmdir {} + 2>/dev/null || true
    done
    rm -f "$folder/pid" "$folder/network.pid" "$folder/own"
}

"$action" "$@"
