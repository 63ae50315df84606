"""robots.txt (RFC 9309), read by the parser that Scrapy's makers keep."""

from __future__ import annotations

from datetime import timedelta

from protego import Protego

#: A longer Crawl-delay would be a refusal in other words; the large engines ignore it altogether.
_LONGEST_SPACING = timedelta(seconds=60)


class Robots:
    """What one host lets us read."""

    def __init__(self, text: bytes, *, user_agent: str) -> None:
        """Read the file for the product that `user_agent` begins with; b"" allows everything.

        Whatever is no rule is passed over, such as the page that some servers send instead.
        """
        self._rules = Protego.parse(text.decode("utf-8", errors="replace").removeprefix("\ufeff"))
        self._product = user_agent.partition("/")[0].strip() or "newsloom"

    def allows(self, url: str) -> bool:
        """Say whether a page may be read."""
        return bool(self._rules.can_fetch(url, self._product))

    @property
    def spacing(self) -> timedelta | None:
        """Return the time between two requests that the host asks for, at most a minute."""
        delay = self._rules.crawl_delay(self._product)
        rate = self._rules.request_rate(self._product)
        seconds = max(delay or 0.0, rate.seconds / rate.requests if rate and rate.requests else 0.0)
        return min(timedelta(seconds=seconds), _LONGEST_SPACING) if seconds > 0 else None
