"""Settings of one installation: ``newsloom.toml`` in its folder, overridden by the environment.

`Settings(...)` holds what it is given and reads nothing by itself. `config.load` reads the file
and, through `Environment`, the variables ``NEWSLOOM_<NAME>``; the rest of the code gets a frozen
`Settings`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    Field,
    SecretStr,
    field_validator,
)
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from config.durations import READ_DURATION

PREFIX = "NEWSLOOM_"


def _list(value: Any) -> Any:
    """Take a comma-separated text, as a variable holds it, for a list."""
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


def _table(value: Any) -> Any:
    """Take ``key=value, key=value``, as a variable holds it, for a table."""
    if not isinstance(value, str):
        return value
    pairs = [part.partition("=") for part in value.split(",")]
    if not all(equals for _, equals, _ in pairs):
        raise ValueError("write it as key=value, key=value")
    return {key.strip(): word.strip() for key, _, word in pairs}


def _utc(value: datetime) -> datetime:
    """Return the same moment in UTC, in which all our times are kept."""
    return value.astimezone(UTC)


PositiveTime = Annotated[timedelta, Field(gt=timedelta(0)), READ_DURATION]
Pause = Annotated[timedelta, Field(ge=timedelta(0)), READ_DURATION]
Waits = Annotated[tuple[PositiveTime, ...], BeforeValidator(_list)]
Networks = Annotated[tuple[IPv4Network | IPv6Network, ...], BeforeValidator(_list)]
Table = Annotated[Mapping[str, str], BeforeValidator(_table)]
UtcTime = Annotated[AwareDatetime, AfterValidator(_utc)]
#: What may stand in a request header (RFC 9110, section 5.5), without the octets nobody needs.
HeaderText = Annotated[str, Field(pattern=r"^[ -~]*$", max_length=200)]


class Settings(BaseSettings):
    """What an operator can set. Paths are relative to `home`."""

    # enable_decoding: a variable holds plain text, not JSON; the validators above read lists.
    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,
        enable_decoding=False,
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
        hide_input_in_errors=True,
    )

    home: Path = Path()
    """Folder of the installation."""
    database_url: SecretStr = SecretStr("sqlite:///state/newsloom.db")
    """Database: sqlite:///FILE (relative to the installation) or postgresql://USER@HOST/NAME."""
    database_url_file: Path | None = None
    """File that holds database_url, such as a mounted secret."""
    catalogue: Path | None = None
    """Folder of the catalogue; unset: the one shipped with newsloom."""
    out: Path = Path("out")
    """Root below which the sites' folders lie."""

    # Who we say we are: RFC 9110 section 10.1.5 wants a way to reach the operator.
    user_agent: HeaderText = "newsloom/0.1"
    """Name under which pages are requested; printable ASCII."""
    contact: HeaderText = ""
    """Address or page where publishers reach you; sent along with user_agent."""

    # The network.
    proxy: SecretStr | None = None
    """Proxy for all requests, http://HOST:PORT; it must filter private addresses itself."""
    proxy_file: Path | None = None
    """File that holds proxy."""
    ca_file: Path | None = None
    """PEM file with a further certificate authority to trust."""
    allow_networks: Networks = ()
    """Private networks that may be dialled, such as 10.1.0.0/16; none unless named here."""
    concurrency: int = Field(default=32, ge=1, le=64)
    """Requests in flight, 1 to 64; measured: 16 to 64 is best, the client slows down beyond."""
    feed_max_bytes: int = Field(default=10 * 2**20, ge=1024)
    """Largest feed read, in bytes after decompression, 1024 or more."""
    page_max_bytes: int = Field(default=5 * 2**20, ge=1024)
    """Largest page read, in bytes after decompression, 1024 or more."""
    feed_deadline: PositiveTime = timedelta(seconds=30)
    """Time for a whole feed request, redirects included."""
    page_deadline: PositiveTime = timedelta(seconds=20)
    """Time for a whole page request, redirects included."""

    # Politeness.
    host_spacing: Pause = timedelta(seconds=1)
    """Least time between two requests to one host."""
    host_batch: int = Field(default=4, ge=1)
    """Pages of one host in one batch at most."""
    poll_interval: PositiveTime = timedelta(minutes=30)
    """How often a source without an interval of its own is polled until its rhythm is known."""
    poll_eagerness: float = Field(default=1.0, ge=0.1, le=10)
    """Learned intervals are divided by this, 0.1 to 10: 2 polls more often, with less delay."""

    # Work.
    fetch_batch: int = Field(default=50, ge=1, le=100)
    """Sources polled in one batch, 1 to 100."""
    extract_batch: int = Field(default=10, ge=1, le=50)
    """Pages read in one batch, 1 to 50."""
    children: int = Field(default=2, ge=1, le=64)
    """Processes that parse pages, 1 to 64; as many as there are cores to spare."""
    child_cpu_seconds: int = Field(default=10, ge=1)
    """Processor time for one page before its process is ended, in seconds."""
    child_memory_mb: int = Field(default=1024, ge=512)
    """Memory for one such process, in MiB, 512 or more."""
    lease: PositiveTime = timedelta(seconds=120)
    """How long a worker keeps what it has claimed; longer than feed_deadline and page_deadline."""
    tick_deadline: PositiveTime = timedelta(minutes=15)
    """A round that is not done by then closes without its stragglers."""
    window: PositiveTime = timedelta(hours=72)
    """Articles older than this at their round no longer attract new ones."""
    refine_every: PositiveTime = timedelta(hours=6)
    """How often many live stories are grouped anew; few (up to 500 articles) every round."""
    embeddings: Literal["off", "minilm"] = "off"
    """Compare articles by a language model too: "off" or "minilm" (newsloom[embeddings])."""
    story_weights: Path | None = None
    """Weights of the pair score from `newsloom stories train`; unset: the shipped ones."""
    recheck_after: Waits = (timedelta(hours=1), timedelta(hours=6), timedelta(hours=24))
    """When an article's page is looked at again, counted from the first look; empty: never."""
    keep_pages: PositiveTime = timedelta(days=30)
    """How long page bodies are kept, and of an article's text more than its opening."""
    keep_entries: PositiveTime = timedelta(days=90)
    """How long entries without an article are known after their feed showed newer ones instead."""
    keep_changes: int = Field(default=10_000, ge=100)
    """Changes that changes.jsonl holds, 100 or more; who is further behind reads the manifest."""
    wayback_url: str = Field(default="https://web.archive.org", pattern=r"^https?://[^/\s]+$")
    """The Wayback Machine that backfills may ask for old feeds; its address without a path."""
    page_extractors: Table = Field(default_factory=dict)
    """Domain = dotted name of a `pipeline.plugins.PageExtractor` that reads its pages."""

    # Secrets, by value or by file.
    master_key: SecretStr | None = None
    """Key of the secured line; make one with `newsloom secured new-key`. A file is better."""
    master_key_file: Path | None = None
    """File that holds the master key."""
    broker_url: SecretStr = SecretStr("redis://127.0.0.1:6379/0")
    """Redis that carries the workers' messages."""
    broker_url_file: Path | None = None
    """File that holds broker_url."""

    # Workers, and who watches them.
    tick_every: PositiveTime = timedelta(seconds=30)
    """How often the schedule looks for due work, and offers again what got stuck."""
    log_format: Literal["plain", "json"] = "plain"
    """How log lines look: plain for people, json for programs, one object a line."""
    alert_webhook: SecretStr | None = None
    """Address, https://..., that is told by POST when something begins to be wrong, or is over."""
    alert_webhook_file: Path | None = None
    """File that holds alert_webhook."""

    fixed_time: UtcTime | None = None
    """Stops the clock, for rehearsals and the demo, never in service; with a time zone."""

    @field_validator("*", mode="before")
    @classmethod
    def _no_truth_value(cls, value: Any) -> Any:
        """Refuse true and false, which would pass for 1 and 0: no setting is a switch."""
        if isinstance(value, bool):
            raise ValueError("true and false mean nothing here")  # noqa: TRY004 -- pydantic's way
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 -- pydantic-settings passes them all
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 -- as above
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 -- as above
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 -- as above
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take values from the caller alone, so that a test or a worker gets what it asked for."""
        return (init_settings,)

    def path(self, value: Path) -> Path:
        """Return `value` below the installation's folder, unless it is absolute."""
        return self.home / value


class Environment(EnvSettingsSource):
    """The settings among the variables of this process, or of a mapping given instead."""

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        """Take the variables; an empty one counts as unset, as compose files pass them."""
        super().__init__(Settings)
        if environ is not None:
            self.env_vars = {name.lower(): value for name, value in environ.items() if value}

    @property
    def names(self) -> list[str]:
        """All variables with our prefix, known or not, without it, in lower case."""
        prefix = PREFIX.lower()
        return [name.removeprefix(prefix) for name in self.env_vars if name.startswith(prefix)]
