"""What holds whoever gets into a container."""

import json
import re

import pytest

from tests.stack.conftest import Record
from tests.stack.engines import Engine
from tests.stack.stack import SERVICES, Stack

UIDS = {"db": 999, "web": 10001, "proxy": 101}


@pytest.mark.parametrize("service", SERVICES)
def test_a_container_may_do_little(stack: Stack, service: str, record: Record) -> None:
    """As it is in force within: what its main process may do, not what the file asks for."""
    status = stack.exec(service, "cat", "/proc/1/status")
    fields = dict(re.findall(r"^(\w+):\s+(.*)$", status, re.MULTILINE))
    assert {int(uid) for uid in fields["Uid"].split()} == {UIDS[service]}
    assert int(fields["NoNewPrivs"]) == 1
    assert [int(fields[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")] == [0] * 5
    for path in ("/", "/etc", "/usr/local/bin", "/app", "/srv"):
        said = stack.exec(service, "sh", "-c", f"[ ! -d {path} ] || touch {path}/mine", check=False)
        assert not said or re.search("Read-only file system|Permission denied", said), said
    mounts = stack.exec(service, "cat", "/proc/mounts")
    assert re.search(r"^\S+ / \S+ ro[, ]", mounts, re.MULTILINE), "the root can be written to"
    stack.exec(service, "sh", "-c", "touch /tmp/mine && rm /tmp/mine")
    limits = [_limit(stack, service, *names) for names in (_MEMORY, _PIDS)]
    assert all(limits), limits
    used = int(stack.exec(service, "sh", "-c", f"cat {' '.join(_USED)} 2>/dev/null", check=False).split()[0])
    record(
        f"{service}: memory used and allowed, processes allowed",
        f"{used >> 20} of {limits[0] >> 20} MiB, {limits[1]}",
    )


_MEMORY = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
_PIDS = ("/sys/fs/cgroup/pids.max", "/sys/fs/cgroup/pids/pids.max")
_USED = ("/sys/fs/cgroup/memory.current", "/sys/fs/cgroup/memory/memory.usage_in_bytes")


def _limit(stack: Stack, service: str, *names: str) -> int:
    """A limit of the container's control group, of either version; 0 where there is none."""
    said = stack.exec(service, "sh", "-c", f"cat {' '.join(names)} 2>/dev/null", check=False).split()
    # Without a limit the kernel says "max", or a number that no machine has.
    return int(said[0]) if said and said[0].isdigit() and int(said[0]) < 1 << 50 else 0


@pytest.mark.parametrize("service", SERVICES)
def test_a_container_comes_back_and_its_log_stays_small(stack: Stack, service: str) -> None:
    how = stack.inspect(service)[0]["HostConfig"]
    assert how["RestartPolicy"]["Name"] == "unless-stopped"
    assert "max-size" in json.dumps(how["LogConfig"]["Config"]) or how["LogConfig"].get("Size")


def test_the_image_of_the_web_holds_no_tools(stack: Stack) -> None:
    tools = ("gcc", "cc", "c++", "make", "ld", "pip", "pip3", "git", "curl", "wget")
    found = stack.exec("web", "sh", "-c", f"for name in {' '.join(tools)}; do command -v $name; done; true")
    assert not found
    assert not stack.succeeds("web", "python", "-m", "pip", "--version")
    assert stack.succeeds("web", "chronos", "--version")


def test_how_big_the_images_are(engine: Engine, images: list[str], record: Record) -> None:
    for image in images:
        [known] = engine.inspect(image)
        size = int(known["Size"]) / 1e6
        assert known["Config"]["User"] not in {"", "0", "root", "0:0"}
        assert known["Config"]["Labels"]["org.opencontainers.image.title"].startswith("Chronos")
        record(f"image {image.partition('/')[2].partition(':')[0]}", f"{size:.0f} MB")


# ---- Networks


def test_only_the_proxy_is_published(stack: Stack) -> None:
    for service in SERVICES:
        ports = stack.inspect(service)[0]["HostConfig"]["PortBindings"] or {}
        assert bool(ports) == (service == "proxy"), (service, ports)


def test_neither_webs_nor_the_database_have_a_way_out(stack: Stack) -> None:
    """No route leads out of their networks. One does out of the proxy's, so this would be seen."""
    routes = {service: stack.exec(service, "cat", "/proc/net/route") for service in SERVICES}
    out = {
        service for service, table in routes.items() if re.search(r"^\w+\t00000000\t", table, re.MULTILINE)
    }
    assert out == {"proxy"}


def test_the_proxy_does_not_reach_the_database(stack: Stack) -> None:
    address = stack.address("db", "data")
    knock = f"exec 3<>/dev/tcp/{address}/5432"
    ask = f"import socket; socket.create_connection(('{address}', 5432), 3)"
    assert stack.succeeds("web", "python", "-c", ask)
    assert stack.succeeds("db", "timeout", "3", "bash", "-c", knock)
    assert not stack.succeeds("proxy", "timeout", "3", "bash", "-c", knock)
    assert stack.succeeds("proxy", "timeout", "3", "bash", "-c", "exec 3<>/dev/tcp/web/8000")
    assert not stack.succeeds("proxy", "timeout", "3", "bash", "-c", "exec 3<>/dev/tcp/db/5432")


# ---- The connection to the database

PLAIN = """
import asyncio, asyncpg, sys
async def main():
    connection = await asyncpg.connect(sys.stdin.read().strip().partition("?")[0], ssl=sys.argv[1])
    print(await connection.fetchval("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"))
    await connection.close()
asyncio.run(main())
"""


def test_every_connection_to_the_database_is_encrypted(stack: Stack, record: Record) -> None:
    rows = stack.sql(
        "SELECT s.ssl, s.version, count(*) FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid)"
        " WHERE a.client_addr IS NOT NULL GROUP BY 1, 2;"
    )
    assert {row[0] for row in rows} == {"t"}
    record("connections to PostgreSQL", "; ".join(f"{count} by {version}" for _, version, count in rows))


def test_a_connection_that_is_not_encrypted_is_refused(stack: Stack) -> None:
    url = stack.exec("web", "cat", "/var/lib/chronos/secrets/database_url")
    assert stack.exec("web", "python", "-c", PLAIN, "require", stdin=url).strip() == "True"
    said = stack.exec("web", "python", "-c", PLAIN, "disable", stdin=url, check=False)
    assert re.search("no pg_hba.conf entry .*no encryption", said), said


def test_the_role_of_chronos_is_no_superuser(stack: Stack) -> None:
    rights = "rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls"
    assert stack.sql(f"SELECT {rights} FROM pg_roles WHERE rolname = 'chronos'") == [["f"] * 5]
    assert (
        stack.value("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'chronos'") == "chronos"
    )


def test_secrets_are_in_files_and_not_in_the_environment(stack: Stack) -> None:
    for name in ("secret_key", "db_password", "metrics_token"):
        secret = stack.exec("web", "cat", f"/var/lib/chronos/secrets/{name}").strip()
        assert len(secret) >= 32
        for service in SERVICES:
            assert secret not in json.dumps(stack.inspect(service)), (name, service)
            assert secret not in stack.logs(service), (name, service)
    assert not stack.succeeds("web", "sh", "-c", "echo x > /var/lib/chronos/secrets/secret_key")
    assert not stack.succeeds("web", "sh", "-c", "touch /var/lib/chronos/secrets/mine")
