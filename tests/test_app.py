"""The application as a whole: headers, errors in the site's look, static files, the home page."""

import gzip
import re
from collections.abc import Callable
from typing import Any

import brotli  # type: ignore[import-untyped]
import pytest
import zstandard
from quart import Quart
from quart.typing import TestClientProtocol as Client
from structlog.testing import capture_logs
from werkzeug.datastructures import Headers

from quart_app.settings import Settings
from tests.support.cast import Cast

HTMX = {"HX-Request": "true"}


async def test_every_answer_carries_the_security_headers(client: Client, cast: Cast) -> None:
    answers = [
        await client.get("/login"),
        await client.get("/nowhere"),
        await client.get("/health"),
        await cast.alice.client.get("/timer"),
        await client.get("/static/css/base.css"),
    ]
    for response in answers:
        policy = response.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'self'")
        assert "unsafe" not in policy
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Referrer-Policy"] == "same-origin"
        assert "frame-ancestors 'none'" in policy


async def test_pages_are_not_kept_by_anybody(cast: Cast) -> None:
    for path in ("/timer", "/projects", "/account", "/timer/bar"):
        assert (await cast.alice.client.get(path)).headers["Cache-Control"] == "no-store"


async def test_static_files_with_their_hash_are_kept_for_ever(client: Client) -> None:
    page = await (await client.get("/login")).get_data(as_text=True)
    asset = re.search(r'href="(/static/all\.css\?v=[0-9a-f]{12})"', page)
    picture = re.search(r'href="(/static/img/favicon\.svg\?v=[0-9a-f]{12})"', page)
    assert asset
    assert picture
    for found, kind in ((asset, "text/css; charset=utf-8"), (picture, "image/svg+xml; charset=utf-8")):
        response = await client.get(found[1])
        assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert response.headers["Content-Type"] == kind
    assert "immutable" not in (await client.get("/static/css/base.css")).headers["Cache-Control"]


async def test_what_a_page_of_another_version_asks_for_is_not_kept(client: Client) -> None:
    for path in ("/static/all.css?v=0123456789ab", "/static/img/favicon.svg?v=1"):
        response = await client.get(path)
        assert response.status_code == 200
        assert response.headers["Cache-Control"] == "no-cache"
    assert (await client.get("/static/nothing.css?v=0123456789ab")).status_code == 404


@pytest.mark.parametrize(
    "path", ["/static/../quart_app/app.py", "/static/%2e%2e/pyproject.toml", "/static/css"]
)
async def test_nothing_but_static_files_is_served(client: Client, path: str) -> None:
    assert (await client.get(path)).status_code == 404


async def test_an_error_page_says_what_to_do_and_its_number(client: Client) -> None:
    response = await client.get("/nowhere")
    body = await response.get_data(as_text=True)
    assert response.status_code == 404
    assert "Go to the timer" in body
    number = re.search(r"<code>([0-9a-f]{16})</code>", body)
    assert number
    assert response.headers["X-Request-ID"] == number[1]


async def test_an_error_for_htmx_is_a_toast(cast: Cast) -> None:
    response = await cast.alice.client.get("/entries/nonsense/row", headers=HTMX)
    assert response.status_code == 404
    assert response.headers["HX-Retarget"] == "#toasts"
    assert response.headers["HX-Reswap"] == "beforeend"
    assert "<html" not in await response.get_data(as_text=True)


async def test_a_fault_of_ours_tells_nothing_of_its_inside(app: Quart, client: Client) -> None:
    app.config["PROPAGATE_EXCEPTIONS"] = False

    async def break_down() -> str:
        raise RuntimeError("the inside")

    app.view_functions["home"] = break_down
    with capture_logs() as logged:
        response = await client.get("/")
    body = await response.get_data(as_text=True)
    assert response.status_code == 500
    assert "Something broke on our side" in body
    assert "the inside" not in body
    assert [str(line["exc_info"]) for line in logged] == ["the inside"]


async def test_a_wrong_method_says_which_are_right(client: Client) -> None:
    response = await client.get("/timer/start")
    assert response.status_code == 405
    assert "POST" in response.headers["Allow"]


async def test_the_home_page_asks_strangers_to_sign_in(cast: Cast, client: Client) -> None:
    response = await client.get("/")
    assert response.status_code == 200
    assert ">Sign in<" in await response.get_data(as_text=True)


async def test_the_message_after_a_plain_form_is_shown_once(cast: Cast) -> None:
    form = {"date": "20/11/2026", "start": "9", "end": "10"}
    response = await cast.alice.client.post("/entries", form=form)
    cookie = response.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    pages = [await (await cast.alice.client.get("/timer")).get_data(as_text=True) for _ in range(2)]
    assert ["Added: 1:00." in page for page in pages] == [True, False]


async def test_behind_tls_every_cookie_is_for_tls_only(app: Quart, settings: Settings) -> None:
    client = app.test_client()
    form = {"username": "erin", "email": "erin@example.com", "password": "correct horse battery"}
    response = await client.post("/register", form=form, scheme="https")
    cookies = response.headers.getlist("Set-Cookie")
    assert any(cookie.startswith("__Host-chronos=") for cookie in cookies)
    assert all("Secure" in cookie and "HttpOnly" in cookie for cookie in cookies)


# ---- Compression


@pytest.mark.parametrize(
    ("accepted", "opened"),
    [
        ("gzip, deflate", gzip.decompress),
        ("gzip, br", brotli.decompress),
        (
            "gzip, deflate, br, zstd",
            lambda body: zstandard.ZstdDecompressor().decompressobj().decompress(body),
        ),
    ],
    ids=["gzip", "br", "a browser over TLS"],
)
async def test_what_is_long_is_compressed_for_whoever_takes_it(
    client: Client, accepted: str, opened: Callable[[bytes], bytes]
) -> None:
    for path in ("/login", "/static/css/base.css?v=1"):
        plain = await client.get(path)
        assert "Content-Encoding" not in plain.headers
        body = await plain.get_data(as_text=False)
        packed = await client.get(path, headers={"Accept-Encoding": accepted})
        assert packed.headers["Content-Encoding"] in accepted
        assert "Accept-Encoding" in packed.headers["Vary"]
        sent = await packed.get_data(as_text=False)
        assert len(sent) < len(body) / 2
        assert opened(sent) == body


async def test_what_is_short_is_sent_as_it_is(cast: Cast) -> None:
    response = await cast.alice.client.get("/health", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in response.headers
    assert int(response.headers["Content-Length"]) == len(await response.get_data(as_text=False)) > 0


async def test_a_stream_is_not_compressed(cast: Cast) -> None:
    async with cast.alice.client.request("/live", headers=Headers({"Accept-Encoding": "gzip, br"})) as opened:
        stream: Any = opened
        await stream.receive()
        assert stream.headers is not None
        assert "Content-Encoding" not in stream.headers
        await stream.disconnect()
