"""The container's health check: exit codes and words, as an engine sees them."""

import asyncio
import os
import subprocess
import sys

import pytest

READY = b'HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{"status":"ok"}'
AWAY = b'HTTP/1.1 503 Away\r\nContent-Length: 23\r\n\r\n{"failed":["database"]}'


async def check(port: int) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "quart_app.healthcheck"),
        env={**os.environ, "PORT": str(port)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    told, errors = await process.communicate()
    assert errors == b""
    return process.returncode or 0, told.decode()


@pytest.mark.parametrize(
    ("answer", "code", "words"), [(READY, 0, "ok"), (AWAY, 1, "database"), (b"", 1, "not answer")]
)
async def test_it_passes_on_what_the_probe_says(answer: bytes, code: int, words: str) -> None:
    asked = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")[0])
        writer.write(answer)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        told = await check(server.sockets[0].getsockname()[1])
    assert told[0] == code
    assert words in told[1]
    assert asked == [b"GET /health/ready HTTP/1.1"]


async def test_nobody_there_is_no_health() -> None:
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    code, words = await check(port)
    assert code == 1
    assert words.startswith(f"Chronos does not answer on port {port}")
