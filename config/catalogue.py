"""The catalogue: what to watch, whose it is, what it is about, where the stories go.

Five TOML files in one folder (``sources.toml``, ``organisations.toml``, ``topics.toml``,
``sites.toml``, ``scoring.toml``), checked as a whole by `config.load`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    HttpUrl,
    StringConstraints,
    TypeAdapter,
    model_validator,
)

from config.durations import READ_DURATION
from config.secretrefs import is_reference

_HTTP_URL: TypeAdapter[HttpUrl] = TypeAdapter(HttpUrl)


def _http_url(value: str) -> str:
    """Check the form of a web address, but keep it as the operator wrote it."""
    _HTTP_URL.validate_python(value)
    # The URL parser forgives blanks and line breaks by dropping them; a kept text must not.
    if not value.isprintable() or " " in value:
        raise ValueError("a web address holds no blanks or control characters")
    if "@" in urlsplit(value).netloc:
        raise ValueError("a name or password in an address would be shown in lists and logs")
    return value


def _folder(value: str) -> str:
    """Refuse a folder that is not what it looks like."""
    if not value.isprintable():
        raise ValueError("a path holds no control characters")
    if value.startswith("~"):
        raise ValueError("`~` is not expanded; write the whole path")
    if ".." in PurePosixPath(value).parts:
        raise ValueError("`..` would leave the output root; write an absolute path")
    return value


def _section(value: str) -> str:
    """Refuse a publisher's domain without folders: it would mean the home page alone."""
    first, _, folders = value.partition("/")
    if "." in first and not folders:
        raise ValueError("a publisher alone stands in `providers`")
    return value


#: Headers that the client itself decides; a second one would contradict it.
_OUR_HEADERS = frozenset(
    {
        "accept", "accept-encoding", "connection", "content-length", "expect", "host",
        "if-modified-since", "if-none-match", "keep-alive", "proxy-authorization", "range", "te",
        "trailer", "transfer-encoding", "upgrade", "user-agent",
    }
)  # fmt: skip
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
#: A request with more has another purpose than a feed.
_HEADERS_LIMIT = 10


def _header_references(value: Any) -> Any:
    """Check a table of headers; no message may repeat a value, which could be the secret itself."""
    if not isinstance(value, Mapping) or len(value) > _HEADERS_LIMIT:
        raise ValueError(f"a table of at most {_HEADERS_LIMIT} headers is wanted")
    if len({str(name).lower() for name in value}) < len(value):
        raise ValueError("a header stands there twice")
    for name in value:
        if not isinstance(name, str) or not _HEADER_NAME.fullmatch(name):
            raise ValueError("a header's name holds what no name can")
        if name.lower() in _OUR_HEADERS:
            raise ValueError(f"the header {name} is not yours to set (see user_agent)")
        if not isinstance(value[name], str) or not is_reference(value[name]):
            raise ValueError(f"the value of {name} is no reference: env:NAME or file:PATH")
    return dict(value)


#: An http(s) address, kept to the letter.
WebUrl = Annotated[str, AfterValidator(_http_url)]
#: Lower-case words joined by hyphens: safe in file names, URLs and on the command line.
Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=80)]
#: A registrable domain or a host below one, lower case, without www.
Domain = Annotated[str, Field(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)+$|^localhost$", max_length=253)]
#: A name for people: one line, not empty, no blanks around it.
Name = Annotated[str, Field(pattern=r"^[^\s\p{C}]([^\p{C}]*[^\s\p{C}])?$", max_length=200)]
#: A word or phrase; a single letter would match everywhere.
Keyword = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2)]
#: Folders of an address, lower case; the first may be the publisher's domain.
Section = Annotated[
    str, Field(pattern=r"^[^\s/?#A-Z]+(/[^\s/?#A-Z]+)*$", max_length=200), AfterValidator(_section)
]
Folder = Annotated[str, Field(min_length=1), AfterValidator(_folder)]
#: Below 5 minutes nobody is polite, above 7 days a feed has dropped what we did not see.
PollInterval = Annotated[
    timedelta, Field(ge=timedelta(minutes=5), le=timedelta(days=7)), READ_DURATION
]
#: The highest quality seen in 24,246 published files is 219; what is far above is a slip.
Points = Annotated[int, Field(ge=0, le=1000, strict=True)]


def _reference(value: Any) -> Any:
    """Check a reference; no message may repeat the value, which could be the secret itself."""
    if not isinstance(value, str) or not is_reference(value):
        raise ValueError("no reference: env:NAME or file:PATH")
    return value


#: Where a secret is kept.
Reference = Annotated[str, BeforeValidator(_reference)]
#: Name of a header -> where its value is.
HeaderReferences = Annotated[Mapping[str, str], BeforeValidator(_header_references)]


class _Record(BaseModel):
    """Frozen, and a misspelt key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class SourceEntry(_Record):
    """One feed to watch."""

    id: Slug
    """Lower-case words joined by hyphens, such as bbc-technology; it never changes."""
    feed: WebUrl
    """Address of the feed, http or https."""
    provider: Domain
    """Registrable domain of the publisher, lower case, without www."""
    title: Name
    """Name of the feed for people."""
    language: str | None = Field(default=None, pattern=r"^[a-z]{2,3}$")
    """Language of its articles (ISO 639, such as en), when the pages do not say."""
    interval: PollInterval | None = None
    """Your own polling interval, 5m to 7d; unset: learned."""
    enabled: bool = True
    """false: kept, but not polled."""
    robots: bool = True
    """false: read its pages whatever robots.txt says; only with the publisher's word."""
    headers: HeaderReferences = Field(default_factory=dict, repr=False)
    """Headers such as Authorization or Cookie for the feed's host alone: env:NAME or file:PATH."""
    user_agent: str | None = Field(default=None, pattern=r"^[!-~]([ -~]*[!-~])?$", max_length=200)
    """Name under which this feed is requested, printable ASCII; unset: that of the settings."""
    proxy: Reference | None = Field(default=None, repr=False)
    """Proxy of its own, by reference: env:NAME or file:PATH that holds http://HOST:PORT."""
    listed_at: WebUrl | None = None
    """A public page that names this feed."""
    verified: date | None = None
    """The day on which `sources check` saw it working, as you write it down; unset until then."""


class Organisation(_Record):
    """The data record of a provider."""

    domain: Domain
    """Domain of the provider, lower case, without www."""
    name: Name
    """Name as it stands in the documents."""
    quality: int = Field(ge=0, le=200, strict=True)
    """What every article of this provider starts from, 0 to 200; scoring.toml adds the rest."""
    logo: bool = False
    """true: your sites have /assets/images/organizations/<domain>-50x50.jpg, 50x50 pixels."""
    family: Slug | None = None
    """Publishers of one family are one voice."""


class Topic(_Record):
    """A subject label and the words that show it."""

    name: Name
    """Label as it stands in the documents."""
    parent: str | None = None
    """Topic that comes along with this one."""
    keywords: tuple[Keyword, ...] = ()
    """Whole words or phrases that show it; one in capitals counts in capitals only."""
    sections: tuple[Section, ...] = ()
    """Folders of an article's address that show it: technology/ai, or bbc.com/news/technology."""
    providers: tuple[Domain, ...] = ()
    """Publishers, by domain as in sources and organisations, all of whose articles have it."""
    excludes: tuple[Keyword, ...] = ()
    """A text that holds one of these does not get the topic."""
    not_providers: tuple[Domain, ...] = ()
    """Publishers, by their domain, whose articles do not get the topic."""
    threshold: Annotated[float, Field(gt=0, lt=1)] | None = None
    """Story score from which its articles are one story, 0 to 1; unset: that of the model."""
    window: Annotated[timedelta, Field(ge=timedelta(hours=1)), READ_DURATION] | None = None
    """Its articles further apart, such as 24h, do not attract each other; unset: the settings'."""

    @model_validator(mode="after")
    def _some_rule(self) -> Topic:
        """Refuse a topic that nothing shows."""
        if not (self.keywords or self.sections or self.providers):
            raise ValueError("give it keywords, sections or providers")
        return self


class Site(_Record):
    """One downstream site: which stories it takes and how they are written."""

    name: Slug
    """Lower-case words joined by hyphens."""
    topics: tuple[str, ...] = ()
    """Stories with at least one of these topics; empty: all."""
    out: Folder
    """Folder of its files, below the output root of the settings unless absolute."""
    base_url: WebUrl | None = None
    """Address where the site is published."""
    language: str = Field(default="en", pattern=r"^[a-z]{2,3}$")
    """Language of the site, which feeds and the news sitemap name: two or three letters."""
    dialect: Literal["seed", "web"] = "seed"
    """Names of the address keys: seed (sourceUrl ...) or web (webUrl ...)."""
    threshold: Points = 70
    """Heat from which a story is published, 0 to 1000."""
    related_limit: int = Field(default=10, ge=0, le=100, strict=True)
    """Related articles listed at most, 0 to 100; the rest still count as voices."""
    after_publish: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    """Program with its arguments, run in the site's folder after it changed; no shell."""


class Scoring(_Record):
    """Weights of quality and heat (integers, added up)."""

    unknown_provider: Points
    """Base of a provider without an organisation."""
    amp: Points
    """Added when the article has an AMP page."""
    image: Points
    """Added when the article has a picture."""
    keyword_in_title: Points
    """Added when a keyword of the main topic stands in the title."""
    further_topic: Points
    """Added for each topic after the first."""
    further_topics_limit: Points
    """Further topics that count at most."""
    video: Points
    """Added for a video."""
    voice: Points
    """Heat added for each independent related voice."""
    voices_limit: Points
    """Voices that count at most."""
    quality_gate: Points
    """Below this quality related voices add nothing."""


class Catalogue(_Record):
    """Everything the five files say, each by its key."""

    sources: Mapping[str, SourceEntry]
    organisations: Mapping[str, Organisation]
    topics: tuple[Topic, ...]
    sites: Mapping[str, Site]
    scoring: Scoring
