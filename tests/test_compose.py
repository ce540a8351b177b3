"""The files that bring Chronos up in containers agree with each other, with the settings, and with their promises."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from quart_app.settings import VARIABLES

ROOT = Path(__file__).parent.parent
COMPOSE = sorted(ROOT.glob("compose*.yml"))
CONTAINERFILE = (ROOT / "Containerfile").read_text("utf-8")


class _Loader(yaml.SafeLoader):
    """Knows the tags by which an override takes something away."""


def _items(loader: yaml.SafeLoader, node: yaml.SequenceNode) -> list[object]:
    return loader.construct_sequence(node)


_Loader.add_constructor("!reset", lambda loader, node: None)
_Loader.add_constructor("!override", _items)


def read(path: Path) -> Any:
    return yaml.load(path.read_text("utf-8"), _Loader)  # noqa: S506


STACK = read(ROOT / "compose.yml")


def asked_for(text: str) -> dict[str, str]:
    """The variables of a compose file, each with what it is without a value."""
    return dict(re.findall(r"\$\{([A-Z_]+)(?::-([^}]*)|:\?[^}]*)?\}", text))


def test_every_variable_of_the_stack_is_explained_with_its_value() -> None:
    example = (ROOT / ".env.example").read_text("utf-8")
    explained = dict(re.findall(r"^#? ?([A-Z_]+)=(.*)$", example, re.MULTILINE))
    asked: dict[str, str] = {}
    for path in COMPOSE:
        asked |= asked_for(path.read_text("utf-8"))
    assert asked.keys() == explained.keys()
    for name, default in asked.items():
        # A volume stands for a folder; an empty one leaves it to Chronos, whose values docs/settings.md has.
        if default and not explained[name].startswith("./"):
            assert explained[name] == default, name


def test_the_example_sets_nothing_but_the_name() -> None:
    example = (ROOT / ".env.example").read_text("utf-8")
    assert re.findall(r"^([A-Z_]+)=", example, re.MULTILINE) == ["CHRONOS_DOMAIN"]


def test_the_webs_are_given_settings_that_exist() -> None:
    known = {name for variable in VARIABLES.values() for name in variable.all_names}
    for path in COMPOSE:
        assert set(read(path)["services"].get("web", {}).get("environment", {})) <= known, path.name


def test_no_secret_stands_in_the_environment() -> None:
    secret = {name for variable in VARIABLES.values() if variable.secret for name in variable.names}
    for path in COMPOSE:
        for service, told in read(path)["services"].items():
            assert not secret & set(told.get("environment") or {}), service


@pytest.mark.parametrize("name", sorted(STACK["services"]))
def test_each_container_can_do_no_more_than_it_must(name: str) -> None:
    service = STACK["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "/tmp" in service["tmpfs"]  # noqa: S108
    assert service["mem_limit"]
    assert service["pids_limit"]
    assert service["restart"] == "unless-stopped"
    assert service["stop_grace_period"]
    assert service["logging"]["options"] == {"max-size": "10m", "max-file": "5"}
    assert "privileged" not in service
    assert "cap_add" not in service


def test_only_the_proxy_is_reached_from_without() -> None:
    services, networks = STACK["services"], STACK["networks"]
    assert [name for name, service in services.items() if "ports" in service] == ["proxy"]
    outward = {name for name, network in networks.items() if not (network or {}).get("internal")}
    assert outward == {"outside"}
    assert [name for name, service in services.items() if outward & set(service["networks"])] == ["proxy"]
    assert not set(services["proxy"]["networks"]) & set(services["db"]["networks"])


def test_no_service_that_stays_waits_for_one_that_ends() -> None:
    """podman-compose starts nothing again whose requirement has ended; the proxy must start without a web."""
    assert STACK["services"]["web"]["depends_on"] == {"db": {"condition": "service_healthy"}}
    assert not any("depends_on" in STACK["services"][name] for name in ("db", "proxy", "backup"))


def test_the_health_checks_of_images_and_services_are_the_same() -> None:
    """Some builders leave HEALTHCHECK out of the image, so compose.yml says it again."""
    checks = dict(
        re.findall(r"AS (app|db|proxy)\n.*?HEALTHCHECK .*?\n    CMD (\[[^\n]*\])", CONTAINERFILE, re.DOTALL)
    )
    for target, service in (("app", "web"), ("db", "db"), ("proxy", "proxy")):
        assert yaml.safe_load(checks[target]) == STACK["services"][service]["healthcheck"]["test"][1:]


def test_images_are_named_whole_and_pinned() -> None:
    bases = re.findall(r"^FROM (\S+)", CONTAINERFILE, re.MULTILINE)
    assert len(bases) == 4
    for base in bases:
        assert re.fullmatch(r"docker\.io/library/[a-z]+:[0-9]+(\.[0-9]+)?-(slim-)?trixie", base)
    assert not re.search(r"^\s*#\s*syntax=", CONTAINERFILE, re.MULTILINE), "a builder would fetch it"


def test_each_image_runs_as_somebody_without_rights() -> None:
    last_users = [
        re.findall(r"^USER (\S+)", part, re.MULTILINE)[-1:] for part in CONTAINERFILE.split("\nFROM ")[2:]
    ]  # the builder's is not among them
    assert last_users == [["101:101"], ["999:999"], ["10001:10001"]]


def test_what_is_built_of_is_all_that_is_sent() -> None:
    ignore = (ROOT / ".dockerignore").read_text("utf-8").split("\n")
    assert ignore[1] == "*"
    sent = {line[1:] for line in ignore if line.startswith("!")}
    copied = re.findall(r"^COPY (?!--from)(?:--\S+ )?(.+) \S+$", CONTAINERFILE, re.MULTILINE)
    for paths in copied:
        for path in paths.split():
            assert any(path == one or path.startswith(f"{one}/") for one in sent), path
            assert (ROOT / path).exists(), path


def test_the_proxys_pages_come_in_every_language_of_chronos() -> None:
    languages = {
        "en",
        *(path.name for path in (ROOT / "quart_app" / "translations").iterdir() if path.is_dir()),
    }
    pages = {path.name.split(".")[0] for path in (ROOT / "nginx" / "html").glob("*.html")}
    assert pages == {"away", "413", "429", "431"}
    for page in pages:
        for language in languages:
            text = (ROOT / "nginx" / "html" / f"{page}.{language}.html").read_text("utf-8")
            assert f'<html lang="{language}">' in text
            assert "<script" not in text
            assert "style=" not in text
    headers = (ROOT / "nginx" / "nginx.conf").read_text("utf-8")
    assert f'"~*^{(languages - {"en"}).pop()}"' in headers


def test_the_proxy_adds_the_headers_that_chronos_sends() -> None:
    """Where NGINX answers by itself they are the same, to the letter."""
    from quart_app.errors import SECURITY_HEADERS

    configuration = (ROOT / "nginx" / "nginx.conf").read_text("utf-8")
    added = (ROOT / "nginx" / "snippets" / "headers.conf").read_text("utf-8")
    for name, value in SECURITY_HEADERS.items():
        variable = name.lower().replace("-", "_")
        assert f"add_header {name} $add_{variable} always;" in added
        found = re.search(
            rf'map \$upstream_http_{variable} \$add_{variable} {{\s+"" "?(.+?)"?;\n', configuration
        )
        assert found
        assert found[1] == value


def test_the_proxy_takes_no_more_than_chronos_does() -> None:
    from quart_app.app import MAX_BODY

    configuration = (ROOT / "nginx" / "nginx.conf").read_text("utf-8")
    assert "client_max_body_size 1m;" in configuration
    assert MAX_BODY <= 1024 * 1024
