"""The workflows call what is there, with no more rights than they need; a release has the changelog's words."""

import os
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from docs import release
from tests.support import postgres

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / ".github"
WORKFLOWS = sorted((FOLDER / "workflows").glob("*.yml"))
RELEASE = FOLDER / "workflows/release.yml"
PINNED = re.compile(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
OURS = re.compile(r"\$/(\.github/workflows/[a-z]+\.yml)")
# Rights that somebody who got hold of a job could do harm with; the release alone has them.
READING = {"contents": "read"}

CHANGELOG = """# Changelog

## [Unreleased]

### Added

- Not yet out.

## [1.2.0] - 2026-12-24

### Added

- Tea.

### Fixed

- Coffee, see [the docs](docs/data.md).

## [1.1.0] - 2026-12-01

- Older.
"""

Workflow = dict[str, Any]
each_workflow = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)


def read(path: Path) -> Workflow:
    """A workflow. Its key `on` is what YAML 1.1 calls true."""
    workflow: Workflow = yaml.safe_load(path.read_text())
    return workflow


def jobs(path: Path) -> list[tuple[str, dict[str, Any]]]:
    return [*read(path)["jobs"].items()]


def steps(path: Path) -> Iterator[dict[str, Any]]:
    for _, job in jobs(path):
        yield from job.get("steps", [])


def targets() -> set[str]:
    """What make can make by name."""
    declared = re.search(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert declared
    return set(declared[1].split())


# ---- What they may, and whom they trust


@each_workflow
def test_every_action_is_pinned_by_its_commit_and_says_its_version(path: Path) -> None:
    used = re.findall(r"uses: (.+)$", path.read_text(), re.MULTILINE)
    assert used
    for name in used:
        if ours := OURS.fullmatch(name):
            assert (ROOT / ours[1]).exists()
        else:
            assert PINNED.fullmatch(name), name


def test_an_action_has_one_version_everywhere() -> None:
    text = "".join(path.read_text() for path in WORKFLOWS)
    pins = set(re.findall(r"uses: (\w.+@.+)$", text, re.MULTILINE))
    assert len(pins) == len({pin.partition("@")[0] for pin in pins})


@each_workflow
def test_every_job_names_the_rights_that_it_needs(path: Path) -> None:
    assert read(path)["permissions"] == {}
    for name, job in jobs(path):
        assert job["permissions"], name
        if path != RELEASE:
            assert job["permissions"] == READING, name


@each_workflow
def test_every_job_ends_in_time_and_no_checkout_keeps_its_token(path: Path) -> None:
    assert all("timeout-minutes" in job for _, job in jobs(path) if "uses" not in job)
    checkouts = [step for step in steps(path) if step.get("uses", "").startswith("actions/checkout@")]
    assert checkouts
    assert all(step["with"] == {"persist-credentials": False} for step in checkouts)


@each_workflow
def test_no_command_is_put_together_by_github(path: Path) -> None:
    assert not [step["run"] for step in steps(path) if "${{" in step.get("run", "")]


def test_what_is_published_comes_from_no_cache() -> None:
    assert "cache" not in re.sub(r"#.*", "", RELEASE.read_text())


# ---- What they call


@each_workflow
def test_every_step_calls_what_is_there(path: Path) -> None:
    commands = [step["run"] for step in steps(path) if "run" in step]
    assert commands
    for command in commands:
        program, *arguments = command.split()
        if program == "make":
            assert {word for word in arguments if "=" not in word} <= targets(), command
        elif program == "python3":
            assert arguments[:2] == ["-m", "docs.release"], command
        else:
            assert os.access(ROOT / program, os.X_OK), command
        for named in re.findall(r"\b(?:tests|docs)/\w+", command):
            assert (ROOT / named).exists(), command


def test_they_do_all_that_continuous_integration_should() -> None:
    called = " ".join(step.get("run", "") for step in steps(FOLDER / "workflows/ci.yml"))
    for needed in (
        "make check",
        "make test",
        "TESTS=tests/browser",
        "make stack-test",
        "scripts/images build",
    ):
        assert needed in called


def test_the_pythons_are_those_that_are_supported() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    supported = re.findall(r"Python :: (3\.\d+)", "\n".join(project["classifiers"]))
    assert supported
    tested = dict(jobs(FOLDER / "workflows/ci.yml"))["test"]["strategy"]["matrix"]["python"]
    assert tested == supported
    text = "".join(path.read_text() for path in WORKFLOWS)
    assert set(re.findall(r'python-version: "([\d.]+)"', text)) <= {supported[-1]}


def test_the_postgresql_is_the_one_that_is_deployed() -> None:
    service = dict(jobs(FOLDER / "workflows/ci.yml"))["test"]["services"]["postgres"]["image"]
    assert f"FROM {service} AS db\n" in (ROOT / "Containerfile").read_text()


def test_a_postgresql_that_is_given_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = dict(jobs(FOLDER / "workflows/ci.yml"))["test"]["steps"][-1]["env"]
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert postgres.start_once(tmp_path) == "postgresql+asyncpg://chronos@127.0.0.1:5432/postgres"
    assert not [*tmp_path.iterdir()]


def test_the_images_are_those_of_the_containerfile() -> None:
    stages = re.findall(r"^FROM \S+ AS (\w+)$", (ROOT / "Containerfile").read_text(), re.MULTILINE)
    targets = re.search(r"^TARGETS=\((.+)\)$", (FOLDER / "scripts/images").read_text(), re.MULTILINE)
    assert targets
    assert sorted(targets[1].split()) == sorted(set(stages) - {"builder"})
    assert sorted(dict(jobs(RELEASE))["tags"]["strategy"]["matrix"]["target"]) == sorted(targets[1].split())


def test_everything_that_is_pinned_is_updated() -> None:
    updates = yaml.safe_load((FOLDER / "dependabot.yml").read_text())["updates"]
    assert {"github-actions", "docker", "pip", "npm"} <= {update["package-ecosystem"] for update in updates}
    for update in updates:
        assert update["schedule"] == {"interval": "weekly"}
        assert update["groups"]
        assert update["cooldown"]["default-days"] >= 7


# ---- A release


def test_the_notes_of_a_release_are_the_changelogs_section() -> None:
    notes = release.find_notes(CHANGELOG, "v1.2.0", "1.2.0")
    assert notes == "### Added\n\n- Tea.\n\n### Fixed\n\n- Coffee, see [the docs](docs/data.md)."
    assert release.find_notes(CHANGELOG, "v1.1.0", "1.1.0") == "- Older."


def test_links_at_the_changelogs_end_are_no_notes() -> None:
    text = f"{CHANGELOG}\n[1.1.0]: https://example.org/1.1.0\n"
    assert release.find_notes(text, "v1.1.0", "1.1.0") == "- Older."


@pytest.mark.parametrize(
    ("tag", "version", "words"),
    [
        ("v1.2.1", "1.2.0", "tag v1.2.0, or change that line"),
        ("1.2.0", "1.2.0", "The tag is 1.2.0"),
        ("v1.2.0rc1", "1.2.0", "tag v1.2.0"),
        ("v1.3.0", "1.3.0", "no section of 1.3.0"),
        ("v1x2.0", "1x2.0", "no section"),
        ("vUnreleased", "Unreleased", "no section"),
    ],
)
def test_a_release_that_does_not_fit_is_refused_in_words(tag: str, version: str, words: str) -> None:
    with pytest.raises(release.Refusal, match=re.escape(words)):
        release.find_notes(CHANGELOG, tag, version)


def test_a_release_with_nothing_to_say_is_refused() -> None:
    with pytest.raises(release.Refusal, match=r"says nothing about 2\.0\.0"):
        release.find_notes(
            "## [2.0.0] - 2027-01-01\n\n## [1.0.0] - 2026-01-01\n\n- Old.\n", "v2.0.0", "2.0.0"
        )


def test_the_command_says_the_version_and_refuses_another(capsys: pytest.CaptureFixture[str]) -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert release.main(["version"]) == 0
    assert capsys.readouterr().out == f"{version}\n"
    assert release.main(["notes", "v0.0.0"]) == 1
    assert f"pyproject.toml says {version}" in capsys.readouterr().err
    assert release.main([]) == 2


# ---- Its scripts, with stand-ins for docker and gh that write down how they are called


@pytest.fixture
def called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the stand-ins write, one call a line; the environment is that of a release's job."""
    told, programs = tmp_path / "called", tmp_path / "bin"
    programs.mkdir()
    told.touch()
    scripts = {
        "docker": 'echo "docker $*" >>"$CALLED"\n[ "$1" != login ] || cat >/dev/null\n',
        "gh": 'echo "gh $*" >>"$CALLED"\ncat >>"$CALLED"\n',
        "jq": "echo sha256:1234\n",
    }
    for name, script in scripts.items():
        (programs / name).write_text(f"#!/bin/sh\n{script}")
        (programs / name).chmod(0o755)
    for name, value in {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "CALLED": str(told),
        "GH_TOKEN": "hush",
        "GITHUB_ACTOR": "ada",
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        "GITHUB_REPOSITORY": "Ada/Chronos",
        "GITHUB_SERVER_URL": "https://example.org",
    }.items():
        monkeypatch.setenv(name, value)
    return told


@pytest.fixture
def scripts(tmp_path: Path) -> Path:
    """A repository of version 1.2.0 with the scripts in it."""
    copy = tmp_path / "copy"
    (copy / "docs").mkdir(parents=True)
    shutil.copytree(FOLDER / "scripts", copy / ".github/scripts")
    shutil.copy(ROOT / "docs/release.py", copy / "docs")
    (copy / "pyproject.toml").write_text('[project]\nversion = "1.2.0"\n')
    (copy / "CHANGELOG.md").write_text(CHANGELOG)
    author = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false")
    for command in (["init", "--quiet"], ["add", "."], [*author, "commit", "--quiet", "--message", "All"]):
        subprocess.run(["git", *command], cwd=copy, check=True, capture_output=True)
    return copy / ".github/scripts"


def run(script: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([script, *arguments], check=False, capture_output=True, text=True)


def test_images_are_built_for_this_machine_and_published_nowhere(called: Path, scripts: Path) -> None:
    done = run(scripts / "images", "build")
    assert done.returncode == 0, done.stderr
    told = called.read_text()
    assert re.findall(r"--target (\w+) .*VERSION=1\.2\.0 ", told) == ["app", "db", "proxy"]
    assert not re.search("--push|login", told)


def test_images_are_pushed_with_what_they_are_made_of(called: Path, scripts: Path) -> None:
    done = run(scripts / "images", "push")
    assert done.returncode == 0, done.stderr
    builds = [call for call in called.read_text().splitlines() if " build " in call]
    machine = {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine]
    for build, name in zip(builds, ("chronos", "chronos-db", "chronos-proxy"), strict=True):
        assert f"--push --tag ghcr.io/ada/{name}:1.2.0-{machine} " in build
        assert "--sbom=true --provenance=mode=max" in build
        assert re.search(r"REVISION=[0-9a-f]{40} ", build)
    assert "hush" not in called.read_text() + done.stdout + done.stderr


@pytest.mark.parametrize(("target", "name"), [("app", "chronos"), ("db", "chronos-db")])
def test_both_machines_images_come_under_one_tag(called: Path, scripts: Path, target: str, name: str) -> None:
    done = run(scripts / "images", "join", target)
    assert done.returncode == 0, done.stderr
    image = f"ghcr.io/ada/{name}"
    tags = f"--tag {image}:1.2.0 --tag {image}:latest"
    assert f"imagetools create {tags} {image}:1.2.0-amd64 {image}:1.2.0-arm64\n" in called.read_text()
    assert (called.parent / "output").read_text() == f"name={image}\ndigest=sha256:1234\n"


def test_a_pre_release_is_not_the_latest(called: Path, scripts: Path) -> None:
    (scripts.parents[1] / "pyproject.toml").write_text('[project]\nversion = "1.2.0rc1"\n')
    assert run(scripts / "images", "join", "app").returncode == 0
    assert ":1.2.0rc1 " in called.read_text()
    assert "latest" not in called.read_text()


def test_a_release_is_made_with_its_notes(
    called: Path, scripts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_REF_NAME", "v1.2.0")
    done = run(scripts / "release")
    assert done.returncode == 0, done.stderr
    call, _, notes = called.read_text().partition("\n")
    assert call == "gh release create v1.2.0 --verify-tag --title Chronos 1.2.0 --notes-file -"
    assert notes.startswith("### Added\n\n- Tea.")


def test_a_release_without_notes_is_not_made(
    called: Path, scripts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_REF_NAME", "v9.9.9")
    done = run(scripts / "release")
    assert done.returncode == 1
    assert "The tag is v9.9.9" in done.stderr
    assert not called.read_text()
