"""Passwords: argon2id off the event loop. Pure: knows nothing of accounts."""

import asyncio
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

T = TypeVar("T")
# OWASP Password Storage Cheat Sheet: 19 MiB, two passes, one lane. About 25 ms of one core.
_HASHER = PasswordHash((Argon2Hasher(memory_cost=19_456, time_cost=2, parallelism=1),))
# Two at a time: more would only take cores and memory from everything else. A pool of its own, unlike a
# semaphore over the loop's, still counts a thread whose caller has gone away.
_THREADS = ThreadPoolExecutor(max_workers=2, thread_name_prefix="passwords")
# The hash of a password that nobody knows, with the parameters above.
DECOY = "$argon2id$v=19$m=19456,t=2,p=1$YoJgvW4uuenlO9oDQqr7Bw$zXVWEIYwPdCv3FfEWnroY2vO5LJ+ICbuWWt+L8tLb/I"


async def hash_password(password: str) -> str:
    return await _in_thread(_HASHER.hash, password)


async def verify_password(password: str, known: str | None) -> tuple[bool, str | None]:
    """Whether the password is the one behind the hash, and a new hash where that one has old parameters.

    With None for `known` (no such account) the answer takes as long as for a wrong password.
    """
    if known is None or not Argon2Hasher.identify(known):
        await _in_thread(_HASHER.verify_and_update, password, DECOY)
        return False, None
    return await _in_thread(_HASHER.verify_and_update, password, known)


async def _in_thread(work: Callable[..., T], password: str, *known: str) -> T:
    # The same password typed on another system may arrive composed differently (NIST SP 800-63B, 3.1.1.2).
    typed = unicodedata.normalize("NFKC", password)
    return await asyncio.get_running_loop().run_in_executor(_THREADS, work, typed, *known)
