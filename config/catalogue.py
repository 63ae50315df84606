"""The catalogue: what to watch, whose it is, what it is about, where the stories go.

Five TOML files in one folder (``sources.toml``, ``organisations.toml``, ``topics.toml``,
``sites.toml``, ``scoring.toml``), checked as a whole by `config.load`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, HttpUrl, TypeAdapter

_HTTP_URL: TypeAdapter[HttpUrl] = TypeAdapter(HttpUrl)


def _http_url(value: str) -> str:
    """Check the form of a web address, but keep it as the operator wrote it."""
    _HTTP_URL.validate_python(value)
    return value


#: An http(s) address, kept to the letter.
WebUrl = Annotated[str, AfterValidator(_http_url)]
#: Lower-case words joined by hyphens: safe in file names, URLs and on the command line.
Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=80)]
#: A registrable domain or a host below one, lower case, without www.
Domain = Annotated[str, Field(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)+$|^localhost$", max_length=253)]

#: An operator's own polling interval.
PollInterval = Annotated[timedelta, Field(ge=timedelta(minutes=5), le=timedelta(days=7))]


class _Record(BaseModel):
    """Frozen, and a misspelt key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class SourceEntry(_Record):
    """One feed to watch."""

    id: Slug
    feed: WebUrl
    provider: Domain
    title: str = Field(min_length=1)
    language: str | None = Field(default=None, pattern=r"^[a-z]{2,3}$")
    #: The operator's own polling interval, 5 minutes to 7 days; unset: learned.
    interval: Annotated[timedelta, Field(ge=timedelta(minutes=5), le=timedelta(days=7))] | None = (
        None
    )
    enabled: bool = True
    #: A public page that names this feed.
    listed_at: WebUrl | None = None
    #: The day `sources check` last saw it working; empty until then.
    verified: date | None = None


class Organisation(_Record):
    """The data record of a provider."""

    domain: Domain
    name: str = Field(min_length=1)
    #: What every article of this provider starts from (scoring.toml adds the rest).
    quality: int = Field(ge=0, le=200)
    #: A 50x50 picture exists at /assets/images/organizations/<domain>-50x50.jpg.
    logo: bool = False
    #: Publishers of one family are one voice.
    family: Slug | None = None


class Topic(_Record):
    """A subject label and the words that show it."""

    name: str = Field(min_length=1)
    parent: str | None = None
    #: Words or phrases, matched at word boundaries, case kept only where it is all capitals.
    keywords: tuple[Annotated[str, Field(min_length=2)], ...] = Field(min_length=1)
    #: A text that holds one of these does not get the topic.
    excludes: tuple[str, ...] = ()


class Site(_Record):
    """One downstream site: which stories it takes and how they are written."""

    name: Slug
    #: Stories with at least one of these topics; empty: all.
    topics: tuple[str, ...] = ()
    #: Folder of the output, below the output root of the settings unless absolute.
    out: str = Field(min_length=1)
    base_url: WebUrl | None = None
    dialect: Literal["seed", "web"] = "seed"
    #: Heat from which a story is published.
    threshold: int = Field(default=70, ge=0)
    #: Related articles listed at most; the rest still count as voices.
    related_limit: int = Field(default=10, ge=0, le=100)


class Scoring(_Record):
    """Weights of quality and heat (integers, added up)."""

    #: Base of a provider without an organisation record.
    unknown_provider: int = Field(ge=0)
    amp: int = Field(ge=0)
    image: int = Field(ge=0)
    keyword_in_title: int = Field(ge=0)
    further_topic: int = Field(ge=0)
    #: Further topics that count at most.
    further_topics_limit: int = Field(ge=0)
    video: int = Field(ge=0)
    #: Heat added for each independent related voice.
    voice: int = Field(ge=0)
    #: Voices that count at most.
    voices_limit: int = Field(ge=0)
    #: Below this quality related voices add nothing.
    quality_gate: int = Field(ge=0)


class Catalogue(_Record):
    """Everything the five files say, each by its key."""

    sources: Mapping[str, SourceEntry]
    organisations: Mapping[str, Organisation]
    topics: tuple[Topic, ...]
    sites: Mapping[str, Site]
    scoring: Scoring
