"""Passwords: argon2id with OWASP's parameters, off the event loop, two at a time."""

import asyncio
import subprocess
import sys
import threading
from time import perf_counter

import pytest
from pwdlib.hashers.argon2 import Argon2Hasher

from quart_app import passwords
from quart_app.passwords import DECOY, hash_password, verify_password

PARAMETERS = "$argon2id$v=19$m=19456,t=2,p=1$"


async def test_a_password_opens_its_own_hash_and_no_other() -> None:
    known = await hash_password("correct horse battery")
    assert known.startswith(PARAMETERS)
    assert await verify_password("correct horse battery", known) == (True, None)
    for wrong in ("", "correct horse", "correct horse battery ", "Correct horse battery"):
        assert await verify_password(wrong, known) == (False, None)


async def test_the_same_password_never_has_the_same_hash() -> None:
    assert await hash_password("correct horse battery") != await hash_password("correct horse battery")


async def test_a_password_is_the_same_however_its_letters_are_composed() -> None:
    assert (await verify_password("cafe\u0301 cafe\u0301", await hash_password("café café")))[0]


@pytest.mark.parametrize("password", ["with\0a NUL", "😀" * 200, " "])
async def test_any_text_may_be_a_password(password: str) -> None:
    assert (await verify_password(password, await hash_password(password)))[0]


async def test_a_hash_with_other_parameters_is_renewed_when_its_password_comes_by() -> None:
    old = Argon2Hasher(time_cost=1, memory_cost=1024, parallelism=1).hash("correct horse battery")
    assert await verify_password("wrong", old) == (False, None)
    is_right, fresh = await verify_password("correct horse battery", old)
    assert is_right
    assert fresh is not None
    assert fresh.startswith(PARAMETERS)


@pytest.mark.parametrize("known", [None, "", "!", "no hash", "$2b$12$something-by-bcrypt"])
async def test_without_a_hash_no_password_is_right(known: str | None) -> None:
    assert await verify_password("correct horse battery", known) == (False, None)


async def test_an_account_that_is_not_there_takes_as_long_as_one_that_is() -> None:
    """The decoy has today's parameters: these alone make the time."""
    assert DECOY.startswith(PARAMETERS)
    known = await hash_password("correct horse battery")
    times = {}
    for hash_ in (known, None):
        spent = []
        for _ in range(7):
            began = perf_counter()
            await verify_password("wrong", hash_)
            spent.append(perf_counter() - began)
        times[hash_] = min(spent)
    assert 0.5 < times[known] / times[None] < 2


async def test_no_more_than_two_are_worked_on_at_a_time_and_the_loop_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    running, most, lock, loop_ticks = 0, 0, threading.Lock(), 0

    def slowly(_password: str) -> str:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        threading.Event().wait(0.02)
        with lock:
            running -= 1
        return ""

    async def tick() -> None:
        nonlocal loop_ticks
        while True:
            await asyncio.sleep(0.005)
            loop_ticks += 1

    monkeypatch.setattr(passwords._HASHER, "hash", slowly)
    ticking = asyncio.create_task(tick())
    await asyncio.gather(*(hash_password("x") for _ in range(8)))
    ticking.cancel()
    assert most == 2
    assert loop_ticks >= 8


def test_hashing_leaves_no_memory_behind_in_a_serving_process() -> None:
    program = """
import asyncio, psutil
from quart_app import passwords, server
server._return_big_memory()
async def main():
    known = await passwords.hash_password("correct horse battery")
    before = psutil.Process().memory_full_info().uss
    await asyncio.gather(*(passwords.verify_password("wrong", known) for _ in range(8)))
    print(psutil.Process().memory_full_info().uss - before)
asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 10 * 2**20
