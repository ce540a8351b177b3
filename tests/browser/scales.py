"""What a page fetches, weighed in bytes as Chromium counts them."""

from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import Page


@dataclass
class Scales:
    """Everything that a page fetches over the network, by address: bytes as they were sent, headers included."""

    weights: dict[str, float] = field(default_factory=dict)
    _urls: dict[str, str] = field(default_factory=dict)

    async def weigh(self, page: Page) -> None:
        session = await page.context.new_cdp_session(page)
        await session.send("Network.enable")
        session.on("Network.requestWillBeSent", self._sent)
        session.on("Network.loadingFinished", self._finished)

    def _sent(self, event: dict[str, Any]) -> None:
        self._urls[event["requestId"]] = event["request"]["url"]

    def _finished(self, event: dict[str, Any]) -> None:
        url = self._urls.get(event["requestId"], "?")
        self.weights[url] = self.weights.get(url, 0) + event["encodedDataLength"]

    @property
    def total(self) -> float:
        return sum(self.weights.values())
