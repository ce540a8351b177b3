"""The floor: a bare Quart application that answers with as many bytes as Chronos does, and does nothing else.

It is served by Chronos' own launcher, so that Hypercorn, uvloop and the garbage collector are set up alike.
Run as `python -m benchmarks.floor page=98000 bar=7000`, with PORT and CHRONOS_WORKERS in the environment.
"""

import sys
from collections.abc import Awaitable, Callable
from typing import cast

from hypercorn.typing import ASGIFramework
from quart import Quart

from quart_app import server
from quart_app.settings import Settings, load_settings


def make_app(sizes: dict[str, int]) -> Quart:
    """GET /<name> answers with that name's number of bytes."""
    app = Quart(__name__)
    for name, size in sizes.items():
        app.add_url_rule(f"/{name}", name, _answer(size))
    return app


def _answer(size: int) -> Callable[[], Awaitable[str]]:
    text = "x" * size

    async def answer() -> str:
        return text

    return answer


def main() -> int:
    sizes = {name: int(size) for name, _, size in (part.partition("=") for part in sys.argv[1:])}

    def make(_: Settings) -> ASGIFramework:
        return cast(ASGIFramework, make_app(sizes))

    return server.serve(load_settings(), make)


if __name__ == "__main__":
    sys.exit(main())
