"""Dashboard and alerts ask for figures that there are, by labels that these have."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from quart_app.metrics import Metrics
from quart_app.routes import health

ROOT = Path(__file__).parents[1]
DASHBOARD = ROOT / "deploy/grafana/dashboards/chronos.json"
ALERTS = ROOT / "deploy/prometheus/alerts.yml"
SCRAPES = ROOT / "deploy/prometheus/prometheus.yml"
# Prometheus' own, of each web that it asks.
OF_PROMETHEUS = {"up": {"job", "instance"}}
OVERRIDES = [ROOT / "compose.monitoring.yml", ROOT / "compose.acme.yml"]


def metrics() -> dict[str, set[str]]:
    """Every series that `/metrics` may tell, with its labels and those that Prometheus adds."""
    known = {name: set(labels) for name, labels in OF_PROMETHEUS.items()}
    measured = Metrics(lambda: {"size": 1, "used": 0, "idle": 0}, dict)
    measured.requests.labels("GET", "/timer", "200").inc()
    measured.seconds.labels("GET", "/timer").observe(0.1)
    text = measured.expose(
        dict.fromkeys(["chronos_database_up", "chronos_running_timers"], ("", 1.0))
    ).decode()
    for name, labels in re.findall(r"^(chronos_\w+)(?:\{(.*)\})? ", text, re.MULTILINE):
        known.setdefault(name, {"job", "instance"}).update(re.findall(r'(\w+)="', labels))
    return known


def alerts() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(DASHBOARD.read_text())["panels"]
    return found


def expressions() -> Iterator[tuple[str, str]]:
    yield from ((rule["alert"], rule["expr"]) for rule in alerts())
    yield from ((panel["title"], target["expr"]) for panel in panels() for target in panel["targets"])


@pytest.mark.parametrize(("title", "expression"), list(expressions()))
def test_every_expression_asks_for_what_there_is(title: str, expression: str) -> None:
    known = metrics()
    bare = re.sub(r'"[^"]*"', '""', expression)
    named = set(re.findall(r"\b(chronos_\w+|up)\b", bare))
    assert named, title
    assert named <= known.keys(), title
    every = set.union(*(known[name] for name in named))
    for name, labels in re.findall(r"\b(chronos_\w+|up)\{([^}]*)\}", bare):
        assert set(re.findall(r"(\w+)\s*[=!]", labels)) <= known[name], title
    for group in re.findall(r"\bby \(([^)]*)\)", bare):
        assert set(re.findall(r"\w+", group)) <= every, title


def test_the_figures_of_the_installation_are_those_that_the_page_tells() -> None:
    told = re.findall(r'"(chronos_\w+)"', Path(health.__file__).read_text())
    assert set(told) == {"chronos_database_up", "chronos_running_timers"}


def test_every_figure_is_shown() -> None:
    shown = " ".join(expression for _, expression in expressions())
    families = {re.sub(r"_(bucket|sum|count|total)$", "", name) for name in metrics()}
    assert not [name for name in families if name not in shown]


def test_what_each_web_tells_of_the_whole_is_not_summed() -> None:
    for title, expression in expressions():
        assert not re.search(r"sum[^(]*\((chronos_database_up|chronos_running_timers)", expression), title


def test_panels_lie_beside_each_other_and_no_two_share_a_number() -> None:
    assert len({panel["id"] for panel in panels()}) == len(panels())
    taken = [
        (x, y)
        for place in (panel["gridPos"] for panel in panels())
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(taken) == len(set(taken))
    assert max(x for x, _ in taken) < 24


def test_every_alert_says_how_bad_it_is_and_what_to_do() -> None:
    for rule in alerts():
        assert rule["labels"]["severity"] in {"critical", "warning", "info"}
        assert rule["annotations"].keys() == {"summary", "description"}


def test_prometheus_finds_the_webs_with_the_secret_that_they_know() -> None:
    scrapes = {scrape["job_name"]: scrape for scrape in yaml.safe_load(SCRAPES.read_text())["scrape_configs"]}
    web = yaml.safe_load((ROOT / "compose.yml").read_text())["services"]["web"]
    assert (
        scrapes["chronos"]["authorization"]["credentials_file"]
        == web["environment"]["CHRONOS_METRICS_TOKEN_FILE"]
    )
    assert scrapes["chronos"]["dns_sd_configs"][0]["names"] == ["web"]
    assert 'job="chronos"' in ALERTS.read_text()


@pytest.mark.parametrize("path", OVERRIDES, ids=lambda path: path.name)
def test_every_service_is_hardened_and_bounded(path: Path) -> None:
    for name, service in yaml.safe_load(path.read_text())["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["logging"]["options"].keys() == {"max-size", "max-file"}, name
        assert {"mem_limit", "pids_limit", "stop_grace_period", "restart", "healthcheck"} <= service.keys(), (
            name
        )
        assert not re.search(r":(latest)?$|^[^:]*$", re.sub(r"\$\{[^}]*\}", "x", service["image"])), name


def test_of_what_is_added_only_grafana_is_published_and_to_this_host_alone() -> None:
    ports = [
        port
        for path in OVERRIDES
        for service in yaml.safe_load(path.read_text())["services"].values()
        for port in service.get("ports", [])
    ]
    assert ports == ["127.0.0.1:${CHRONOS_GRAFANA_PORT:-3000}:3000"]


def test_grafana_is_not_where_the_webs_trust_their_neighbours() -> None:
    services = yaml.safe_load(OVERRIDES[0].read_text())["services"]
    assert set(services["grafana"]["networks"]) == {"watch", "window"}
    assert set(services["prometheus"]["networks"]) == {"edge", "watch"}
