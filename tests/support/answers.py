"""What the application answers, as text."""

from quart import Response
from quart.typing import TestClientProtocol as Client

from tests.support.cast import Person


async def body_of(response: Response) -> str:
    return await response.get_data(as_text=True)


async def words_of(response: Response) -> str:
    """The same with plain apostrophes, as people read it."""
    return (await body_of(response)).replace("&#39;", "'")


async def get(client: Client, path: str, status: int = 200) -> str:
    response = await client.get(path)
    assert response.status_code == status, path
    return await body_of(response)


async def text_of(person: Person, path: str = "/timer", status: int = 200) -> str:
    """What a page, or a fragment, looks like to somebody."""
    return await get(person.client, path, status)
