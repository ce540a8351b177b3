"""deploy/quadlet and compose.yml describe one stack, the first to systemd and the second to compose."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent
QUADLET = ROOT / "deploy" / "quadlet"
STACK = yaml.safe_load((ROOT / "compose.yml").read_text("utf-8"))
UNITS = {
    "db": "chronos-db.container",
    "web": "chronos-web@.container",
    "proxy": "chronos-proxy.container",
    "backup": "chronos-backup.container",
}

Unit = dict[str, list[tuple[str, str]]]


def read(name: str) -> Unit:
    """A unit's sections, each with its keys and values in their order; a key may come more than once."""
    unit: Unit = {}
    section = ""
    for line in (QUADLET / name).read_text("utf-8").splitlines():
        if line.startswith("["):
            section = line.strip("[]")
            assert section not in unit, line
            unit[section] = []
        elif line and not line.startswith("#"):
            key, _, value = line.partition("=")
            unit[section].append((key, value))
    return unit


def every(unit: Unit, section: str, key: str) -> list[str]:
    return [value for name, value in unit[section] if name == key]


def one(unit: Unit, section: str, key: str) -> str:
    (value,) = every(unit, section, key)
    return value


def defaults(unit: Unit) -> dict[str, str]:
    """What the variables are that /etc/chronos/chronos.env may set."""
    words = " ".join(every(unit, "Service", "Environment")).split()
    return {name: value for name, _, value in (word.partition("=") for word in words)}


def as_compose(unit: Unit, text: str) -> str:
    """The text with every variable as compose.yml writes it."""
    known = defaults(unit)
    return re.sub(r"\$\{([A-Z_]+)\}", lambda found: f"${{{found[1]}:-{known[found[1]]}}}", text)


def seconds(text: str) -> int:
    assert text.endswith("s"), text
    return int(text[:-1])


@pytest.fixture(params=sorted(UNITS))
def service(request: pytest.FixtureRequest) -> tuple[dict[str, Any], Unit]:
    name: str = request.param
    return STACK["services"][name], read(UNITS[name])


def test_every_service_volume_and_network_is_in_both() -> None:
    assert UNITS.keys() == STACK["services"].keys()
    assert {path.name for path in QUADLET.glob("*.container")} == set(UNITS.values())
    for kind in ("volume", "network"):
        found = {path.stem.removeprefix("chronos-") for path in QUADLET.glob(f"*.{kind}")}
        assert found == STACK[f"{kind}s"].keys()


def test_volumes_have_the_names_that_compose_gives_them() -> None:
    for volume in STACK["volumes"]:
        assert read(f"chronos-{volume}.volume") == {"Volume": [("VolumeName", f"chronos_{volume}")]}


def test_the_same_networks_lead_nowhere() -> None:
    for network, told in STACK["networks"].items():
        unit = read(f"chronos-{network}.network")
        assert ("Internal", "true") in unit["Network"] or not (told or {}).get("internal"), network
        assert ("Internal", "true") not in unit["Network"] or told["internal"], network


def test_images_and_commands_agree(service: tuple[dict[str, Any], Unit]) -> None:
    told, unit = service
    assert as_compose(unit, one(unit, "Container", "Image")) == told["image"]
    assert every(unit, "Container", "Entrypoint") == told.get("entrypoint", [])
    assert every(unit, "Container", "Exec") == told.get("command", [])


def test_each_is_given_the_same_settings(service: tuple[dict[str, Any], Unit]) -> None:
    told, unit = service
    given = dict(line.split("=", 1) for line in every(unit, "Container", "Environment"))
    assert {name: as_compose(unit, value) for name, value in given.items()} == told["environment"]


def test_every_variable_has_a_default_that_the_operator_can_change(
    service: tuple[dict[str, Any], Unit],
) -> None:
    _, unit = service
    used = {name for _, value in unit["Container"] for name in re.findall(r"\$\{([A-Z_]+)\}", value)}
    assert defaults(unit).keys() == used
    # What comes last holds: the file, where there is one.
    assert [key for key, _ in unit["Service"] if key.startswith("Environment")][-1] == "EnvironmentFile"
    assert one(unit, "Service", "EnvironmentFile") == "-%E/chronos/chronos.env"


def test_volumes_networks_and_ports_agree(service: tuple[dict[str, Any], Unit]) -> None:
    told, unit = service
    mounts = [re.sub(r"^chronos-(\w+)\.volume", r"\1", text) for text in every(unit, "Container", "Volume")]
    assert mounts == [re.sub(r"^\$\{[A-Z_]+:-(\w+)\}", r"\1", text) for text in told["volumes"]]
    networks = [
        re.sub(r"^chronos-(\w+)\.network$", r"\1", text) for text in every(unit, "Container", "Network")
    ]
    assert networks == told["networks"]
    ports = [as_compose(unit, text) for text in every(unit, "Container", "PublishPort")]
    assert ports == told.get("ports", [])
    assert every(unit, "Container", "Tmpfs") == told["tmpfs"]


def test_those_who_are_looked_for_have_the_name_by_which_they_are() -> None:
    for name, file in UNITS.items():
        assert every(read(file), "Container", "NetworkAlias") == ([name] if name in {"db", "web"} else [])


def test_none_can_do_more_than_with_compose(service: tuple[dict[str, Any], Unit]) -> None:
    told, unit = service
    for key, value in {
        "ReadOnly": "true",
        "ReadOnlyTmpfs": "false",
        "DropCapability": "all",
        "NoNewPrivileges": "true",
        "PidsLimit": str(told["pids_limit"]),
    }.items():
        assert one(unit, "Container", key) == value, key
    arguments = as_compose(unit, one(unit, "Container", "PodmanArgs")).split()
    assert f"--memory={told['mem_limit']}" in arguments
    assert every(unit, "Container", "ShmSize") == ([told["shm_size"]] if "shm_size" in told else [])


def test_each_is_started_again_and_has_its_time_to_stop(service: tuple[dict[str, Any], Unit]) -> None:
    told, unit = service
    assert told["restart"] == "unless-stopped"
    assert one(unit, "Service", "Restart") == "always"
    assert one(unit, "Unit", "StartLimitIntervalSec") == "0"
    grace = seconds(told["stop_grace_period"])
    assert one(unit, "Container", "StopTimeout") == str(grace)
    # Podman kills after its time, and says so; systemd must not come before it.
    assert int(one(unit, "Service", "TimeoutStopSec")) > grace


def test_health_is_asked_alike(service: tuple[dict[str, Any], Unit]) -> None:
    told, unit = service
    check = told["healthcheck"]
    if check.get("disable"):
        assert "--no-healthcheck" in one(unit, "Container", "PodmanArgs")
        assert not every(unit, "Container", "HealthCmd")
        return
    assert ["CMD", *json.loads(one(unit, "Container", "HealthCmd"))] == check["test"]
    for key, name in {
        "HealthInterval": "interval",
        "HealthTimeout": "timeout",
        "HealthStartPeriod": "start_period",
    }.items():
        assert one(unit, "Container", key) == check[name], key
    assert one(unit, "Container", "HealthRetries") == str(check["retries"])


def test_what_waits_for_the_database_is_not_stopped_with_it() -> None:
    for name, file in UNITS.items():
        unit = read(file)
        waits = ["chronos-db.service"] if name in {"web", "backup"} else []
        assert every(unit, "Unit", "After") == every(unit, "Unit", "Wants") == waits
        assert not every(unit, "Unit", "Requires")
    assert one(read(UNITS["db"]), "Container", "Notify") == "healthy"


def test_without_root_systemd_listens_where_nginx_does() -> None:
    socket = read("rootless/chronos-proxy.socket")
    template = (ROOT / "nginx" / "templates" / "chronos.conf.template").read_text("utf-8")
    ports = [text.removeprefix("0.0.0.0:") for text in every(socket, "Socket", "ListenStream")]
    listened = set(re.findall(r"^\s*listen (\d+)", template, re.MULTILINE))
    assert set(ports) <= listened
    drop_in = read("rootless/chronos-proxy.container.d/socket.conf")
    # Descriptors are passed from the third on, and Podman must not publish what systemd holds.
    numbers = "".join(f"{3 + i};" for i in range(len(ports)))
    assert drop_in["Container"] == [("PublishPort", ""), ("Environment", f'"NGINX={numbers}"')]
    inside = {text.rpartition(":")[2] for text in STACK["services"]["proxy"]["ports"]}
    assert set(ports) == inside
