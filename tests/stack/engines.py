"""The container engine: the one that answers, else a private one; and base images where no registry can be reached."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
BASES = (
    "docker.io/library/python:3.13-slim-trixie",
    "docker.io/library/postgres:17-trixie",
    "docker.io/library/nginx:1.30-trixie",
)
# Engines and base images take minutes to fetch and hundreds of megabytes: not in the checkout, and not each time.
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "chronos-stack"


class Failed(Exception):
    """A command that ended with an error, or not at all; the text has the end of what it said."""


@dataclass(frozen=True, slots=True)
class Engine:
    """docker or podman, and its compose. `clients` goes before a command that shall reach the ports it publishes."""

    name: str
    command: Sequence[str]
    compose: Sequence[str]
    environ: Mapping[str, str] = field(repr=False)
    clients: Sequence[str] = ()

    def run(
        self,
        *arguments: str,
        check: bool = True,
        stdin: str = "",
        seconds: float = 120,
        environ: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """The engine's own command, such as run("ps", "-q"). Raises Failed."""
        return execute(
            [*self.command, *arguments], {**self.environ, **(environ or {})}, check, stdin, seconds
        )

    def inspect(self, *names: str) -> list[dict[str, Any]]:
        """What the engine knows of these containers, images, volumes or networks."""
        found: list[dict[str, Any]] = json.loads(self.run("inspect", *names).stdout) if names else []
        return found

    def has_image(self, name: str) -> bool:
        return self.run("image", "inspect", name, check=False).returncode == 0

    def labelled(self, kind: str, label: str) -> list[str]:
        """The ids of all containers, networks or volumes with this label."""
        every = ["--all", "--no-trunc"] if kind == "container" else []
        return self.run(kind, "ls", "--quiet", *every, "--filter", f"label={label}").stdout.split()


def execute(
    command: Sequence[str], environ: Mapping[str, str], check: bool, stdin: str, seconds: float
) -> subprocess.CompletedProcess[str]:
    try:
        done = subprocess.run(
            command,
            check=False,
            capture_output=True,
            text=True,
            input=stdin,
            env=environ,
            timeout=seconds,
            cwd=ROOT,
        )
    except subprocess.TimeoutExpired as late:
        raise Failed(f"{' '.join(command)}: not done after {seconds:.0f} s") from late
    if check and done.returncode != 0:
        said = "\n".join([*done.stdout.splitlines()[-30:], *done.stderr.splitlines()[-60:]])
        raise Failed(f"{' '.join(command)}: exit code {done.returncode}\n{said}")
    return done


def start(kind: str) -> Engine:
    """An engine of this kind, and the base images on it. Raises Failed."""
    engine = _start_docker() if kind == "docker" else _start_podman()
    if not all(engine.has_image(base) for base in BASES):
        # Pulled, or made of packages under the same names.
        execute(
            [str(HERE / "standins.sh"), str(CACHE / "standins"), *engine.command],
            engine.environ,
            True,
            "",
            1200,
        )
    return engine


def _start_docker() -> Engine:
    """Where none answers, engine.sh starts one of its own, from packages. It is left running, for the next run."""
    return Engine("docker", ("docker",), ("docker", "compose"), _environ_of("engine.sh"))


def _start_podman() -> Engine:
    """Likewise; podman.sh gives it a network of its own."""
    own = dict(os.environ)
    engine = Engine("podman", ("podman",), ("podman", "compose"), own)
    if shutil.which("podman") and execute([*engine.compose, "version"], own, False, "", 30).returncode == 0:
        return engine
    net = (str(HERE / "podman.sh"), "net", str(CACHE / "podman"))
    return Engine("podman", ("podman",), ("podman", "compose"), _environ_of("podman.sh"), net)


def _environ_of(script: str) -> dict[str, str]:
    """What the script has its callers set, to find what it started or found."""
    folder = CACHE / script.removesuffix(".sh")
    folder.mkdir(parents=True, exist_ok=True)
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("CHRONOS_", "COMPOSE_"))}
    execute([str(HERE / script), "start", str(folder)], environ, True, "", 600)
    said = execute(
        ["bash", "-c", '. "$1"; env -0', "bash", str(folder / "env")], environ, True, "", 10
    ).stdout
    return dict(line.split("=", 1) for line in said.split("\0") if "=" in line)
