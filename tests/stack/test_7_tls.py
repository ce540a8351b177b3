"""TLS as strangers find it: sslyze against Mozilla's recommendation, gixy-ng over what NGINX has read."""

import sys
from pathlib import Path

import pytest

from tests.stack import certificates
from tests.stack.conftest import Record
from tests.stack.engines import Failed, execute
from tests.stack.stack import TLS, Stack

# Its own environment: these tools want other versions of what Chronos itself uses. `make stack-test` fills it.
TOOLS = Path(sys.prefix) / "stack/bin"


def test_a_certificate_is_made_at_the_first_start_with_a_warning(stack: Stack) -> None:
    stack.exec("proxy", "sh", "-c", f"rm {TLS}/tls.crt {TLS}/tls.key")
    stack.compose("restart", "proxy")
    stack.wait_healthy("proxy")
    said = stack.logs("proxy")
    assert "WARNING: no certificate" in said[said.rindex("chronos: WARNING") :]
    with stack.client() as client:
        assert client.get("/login").status_code == 200


def test_sslyze_finds_what_mozilla_recommends(stack: Stack, folder: Path, record: Record) -> None:
    certificates.take(stack)
    trusted = folder / "tls.crt"
    trusted.write_text(stack.exec("proxy", "cat", f"{TLS}/tls.crt"))
    command = [str(TOOLS / "sslyze"), "--mozilla_config=intermediate", "--certinfo_ca_file", str(trusted)]
    said = look(*command, f"localhost:{stack.https}")
    assert f"localhost:{stack.https}: OK - Compliant" in said, said
    record("sslyze, Mozilla's intermediate", "compliant")


def test_gixy_finds_nothing(stack: Stack, folder: Path, record: Record) -> None:
    """In the configuration as NGINX has read it, with all that it includes."""
    read = folder / "nginx.conf"
    read.write_text(stack.exec("proxy", "nginx", "-T", "-q"))
    assert "ssl_protocols" in read.read_text()
    said = look(str(TOOLS / "gixy"), str(read))
    assert "No issues found" in said, said
    record("gixy-ng", "no issues found")


def look(*command: str) -> str:
    """What a tool found. What ends it with an error is its finding, too."""
    try:
        return execute(command, {}, True, "", 120).stdout
    except Failed as failed:
        words = str(failed)
    pytest.fail(words, pytrace=False)
