"""A stack: compose.yml of this checkout, brought up under a name and on ports of its own."""

import json
import re
import socket
import ssl
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx2

from tests.stack.engines import ROOT, Engine
from tests.stack.waiting import Watch, until

SERVICES = ("db", "web", "proxy")
TLS = "/var/lib/chronos/tls"
METRICS = """
import sys, urllib.request
headers = {"Authorization": f"Bearer {sys.stdin.read().strip()}"}
asked = urllib.request.Request("http://127.0.0.1:8000/metrics", headers=headers)
print(urllib.request.urlopen(asked).read().decode())
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def image_names(tag: str) -> list[str]:
    """What compose.yml calls its images: the web's, the database's and the proxy's."""
    return [f"localhost/chronos{part}:{tag}" for part in ("", "-db", "-proxy")]


class Stack:
    """One project. `overrides` are compose files on top of compose.yml, `settings` what would stand in its .env."""

    def __init__(
        self,
        engine: Engine,
        name: str,
        tag: str,
        *,
        overrides: Sequence[Path] = (),
        **settings: str,
    ) -> None:
        self.engine, self.name = engine, name
        self.files = [ROOT / "compose.yml", *overrides]
        self.http, self.https = free_port(), free_port()
        self.settings = {
            "CHRONOS_DOMAIN": "localhost",
            "CHRONOS_BIND": "127.0.0.1",
            "CHRONOS_HTTP_PORT": str(self.http),
            "CHRONOS_HTTPS_PORT": str(self.https),
            "CHRONOS_TAG": tag,
            **settings,
        }

    # ---- compose

    def set(self, **settings: str) -> None:
        """Change the settings, as an operator would in .env; `compose` takes them from its next call on."""
        self.settings.update(settings)

    def compose(self, *arguments: str, check: bool = True, stdin: str = "", seconds: float = 180) -> str:
        """What `compose` said, on both of its outputs. Raises Failed."""
        files = [part for path in self.files for part in ("-f", str(path))]
        given = ["--env-file", "/dev/null", "-p", self.name, *files]
        engine = Engine(self.engine.name, self.engine.compose, (), self.engine.environ)
        # In the environment, which goes before any .env, and comes through to an engine that sees no other files.
        done = engine.run(
            *given, *arguments, check=check, stdin=stdin, seconds=seconds, environ=self.settings
        )
        return done.stdout + done.stderr

    def up(self, *arguments: str, wait: bool = True) -> None:
        """Start what is not there yet, from images that are, and wait until all of it is healthy."""
        self.compose("up", "-d", "--no-build", "--pull", "never", *arguments)
        if wait:
            self.wait_healthy()

    def wait_healthy(self, *services: str, seconds: float = 90) -> None:
        """Until every container of these services says that it is well. One that ends for good is not waited for."""
        for service in services or SERVICES:
            until(partial(self.is_healthy, service), f"{self.name}: {service} is healthy", seconds)

    def is_healthy(self, *services: str) -> bool:
        for service in services or SERVICES:
            states = [known["State"] for known in self.inspect(service)]
            if not states or any(state.get("Health", {}).get("Status") != "healthy" for state in states):
                return False
        return True

    def down(self) -> None:
        self.compose("--profile", "*", "down", "--volumes", "--remove-orphans", "--timeout", "3", check=False)

    # ---- containers

    def containers(self, service: str) -> list[str]:
        """The ids of a service's containers, those that have ended too, in the order of their numbers."""
        return [known["Id"] for known in self.inspect(service)]

    def inspect(self, service: str) -> list[dict[str, Any]]:
        found = self.engine.labelled("container", f"com.docker.compose.project={self.name}")
        known = self.engine.inspect(*found) if found else []
        mine = [one for one in known if one["Config"]["Labels"]["com.docker.compose.service"] == service]
        return sorted(mine, key=lambda one: str(one["Name"]))

    def state(self, container: str) -> dict[str, Any]:
        state: dict[str, Any] = self.engine.inspect(container)[0]["State"]
        return state

    def address(self, service: str, network: str) -> str:
        """The address of a service's first container in this network of the stack."""
        networks = self.inspect(service)[0]["NetworkSettings"]["Networks"]
        return str(networks[f"{self.name}_{network}"]["IPAddress"])

    def exec(self, service: str, *command: str, check: bool = True, stdin: str = "", number: int = 1) -> str:
        """What the command says within the service's container of this number."""
        container = self.containers(service)[number - 1]
        done = self.engine.run("exec", "-i", container, *command, check=check, stdin=stdin)
        return done.stdout + ("" if check else done.stderr)

    def succeeds(self, service: str, *command: str, number: int = 1) -> bool:
        container = self.containers(service)[number - 1]
        return self.engine.run("exec", "-i", container, *command, check=False).returncode == 0

    def metrics(self, number: int = 1) -> dict[str, float]:
        """What a web measures, as it tells those within who have the token: the series without labels."""
        token = self.exec("web", "cat", "/var/lib/chronos/secrets/metrics_token", number=number)
        lines = self.exec("web", "python", "-c", METRICS, stdin=token, number=number).splitlines()
        pairs = (line.split() for line in lines if line.count(" ") == 1)
        return {name: float(value) for name, value in pairs}

    def kill(self, container: str) -> float:
        """SIGKILL to its main process, behind the engine's back: what the engine kills it does not start again.

        When it died, as time.perf_counter() has it.
        """
        before, image = self.state(container), self.inspect("db")[0]["Config"]["Image"]
        shell = ["--entrypoint", "/bin/sh", image, "-c", f"kill -9 {before['Pid']}"]
        # Where the engine is, which may be another machine, or have numbers of its own.
        self.engine.run("run", "--rm", "--pid=host", "--privileged", "--user", "0", *shell)
        died = until(lambda: self._ended_since(container, before["FinishedAt"]), f"{container} dies", 10)
        return datetime.fromisoformat(died).timestamp() - time.time() + time.perf_counter()

    def _ended_since(self, container: str, before: str) -> str | None:
        """When it ended, if that is news. Engines tell more than the six digits that Python reads."""
        ended = str(self.state(container)["FinishedAt"])
        return re.sub(r"(\.\d{6})\d*", r"\1", ended) if ended != before else None

    def logs(self, service: str) -> str:
        """What a service's containers have said, one after the other."""
        said = [self.engine.run("logs", container, check=False) for container in self.containers(service)]
        return "".join(one.stderr + one.stdout for one in said)

    def answered(self) -> list[dict[str, Any]]:
        """The proxy's access log."""
        lines = self.logs("proxy").splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    # ---- the database

    def sql(self, statement: str) -> list[list[str]]:
        """The rows of a statement, run by the superuser within the database's container."""
        how = ["psql", "--no-psqlrc", "--quiet", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-d", "chronos"]
        said = self.exec("db", *how, "--no-align", "--tuples-only", "--field-separator=\t", stdin=statement)
        return [line.split("\t") for line in said.splitlines()]

    def value(self, statement: str) -> str:
        return self.sql(statement)[0][0]

    # ---- clients

    @property
    def url(self) -> str:
        return f"https://localhost:{self.https}"

    def trust(self) -> ssl.SSLContext:
        """Trusts the certificate in the stack's volume, and no other."""
        return ssl.create_default_context(cadata=self.exec("proxy", "cat", f"{TLS}/tls.crt"))

    def client(self, *, http2: bool = True, headers: Mapping[str, str] | None = None) -> httpx2.Client:
        """A browser of its own: cookies, and requests that say which page they come from."""
        known = {"User-Agent": "Mozilla/5.0 (stack test)", "Origin": self.url, **(headers or {})}
        return httpx2.Client(
            base_url=self.url, verify=self.trust(), http2=http2, headers=known, timeout=30, trust_env=False
        )

    def is_ready(self, client: httpx2.Client) -> bool:
        """Whether a web answers through the proxy that it may be sent requests."""
        try:
            return client.get("/health/ready", timeout=5).status_code == 200
        except httpx2.TransportError:
            return False

    def wait_ready(self, seconds: float = 30) -> float:
        """Until one is; how many seconds it took."""
        watch = Watch()
        with self.client() as client:
            until(lambda: self.is_ready(client), f"{self.name} is ready", seconds)
        return watch.seconds


def cookies(response: httpx2.Response) -> dict[str, str]:
    """The cookies of an answer as they were sent, attributes and all, by name."""
    lines: Iterator[str] = iter(response.headers.get_list("set-cookie"))
    return {line.partition("=")[0]: line for line in lines}
