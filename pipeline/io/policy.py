"""What is asked of the web, and the limits under which it may answer."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Literal

from config.settings import Settings
from pipeline.io.guard import Network
from pipeline.io.transport import proxy_of, trust
from pipeline.records import Access, Validators

Kind = Literal["feed", "page", "image", "robots", "archive"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WebRequest:
    """One GET."""

    url: str
    #: ``image``: only the beginning is fetched, enough to measure the picture.
    kind: Kind = "page"
    #: Makes the GET conditional.
    validators: Validators | None = None
    #: A claim has reserved the host for it; any other request waits for a turn.
    claimed: bool = False
    #: Headers and name are for the origin of `url` alone, the proxy is for every hop.
    access: Access = field(default_factory=Access)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebPolicy:
    """Who asks, by which way, and how much of an answer is taken. Sizes in bytes."""

    user_agent: str = "newsloom"
    #: Where publishers reach the operator; sent along with `user_agent`.
    contact: str = ""
    #: May hold a password, hence not shown.
    proxy: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
    #: Networks that may be dialled besides the Internet, at any port.
    allow_networks: tuple[Network, ...] = ()
    #: Requests in flight.
    concurrency: int = 32
    #: Caps before and after decoding alike.
    feed_max_bytes: int = 10 * 2**20
    #: A whole sitemap (sitemaps.org), which is the largest that tells of old articles.
    archive_max_bytes: int = 50 * 2**20
    page_max_bytes: int = 5 * 2**20
    #: Where JPEG, PNG, GIF and WebP say how large they are, thumbnails and profiles before it.
    image_prefix_bytes: int = 64 * 1024
    #: From the first look-up to the last byte, redirects included.
    feed_deadline: timedelta = timedelta(seconds=30)
    page_deadline: timedelta = timedelta(seconds=20)
    #: What a crawler must read of robots.txt at least (RFC 9309, section 2.5).
    robots_prefix_bytes: int = 500 * 1024
    #: Chunks of a few bytes cost time without end: 10 MiB in chunks of a kilobyte are 10,000.
    body_max_pieces: int = 50_000
    header_max_bytes: int = 64 * 1024
    header_max_count: int = 200
    max_redirects: int = 5
    #: The installation's folder, from which references to secret files start.
    home: Path = Path()

    def cap(self, kind: Kind) -> int:
        """Return the bytes taken of an answer of this kind."""
        match kind:
            case "feed":
                return self.feed_max_bytes
            case "archive":
                return self.archive_max_bytes
            case "page":
                return self.page_max_bytes
            case "image":
                return self.image_prefix_bytes
            case "robots":
                return self.robots_prefix_bytes

    def seconds(self, kind: Kind) -> float:
        """Return the time for a whole request of this kind."""
        deadline = self.feed_deadline if kind in ("feed", "archive") else self.page_deadline
        return deadline.total_seconds()


def web_policy(settings: Settings) -> WebPolicy:
    """Return the policy of an installation.

    Raise UsageError when its proxy or its certificate file cannot be used.
    """
    proxy = settings.proxy.get_secret_value() if settings.proxy else None
    ca_file = settings.path(settings.ca_file) if settings.ca_file else None
    if proxy is not None:
        proxy_of(proxy)
    if ca_file is not None:
        trust(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), ca_file)
    return WebPolicy(
        user_agent=settings.user_agent,
        contact=settings.contact,
        proxy=proxy,
        ca_file=ca_file,
        allow_networks=settings.allow_networks,
        concurrency=settings.concurrency,
        feed_max_bytes=settings.feed_max_bytes,
        page_max_bytes=settings.page_max_bytes,
        feed_deadline=settings.feed_deadline,
        page_deadline=settings.page_deadline,
        home=settings.home,
    )
