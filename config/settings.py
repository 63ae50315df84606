"""Settings of one installation: ``newsloom.toml`` in its folder, overridden by the environment.

This module is the only reader of the environment (``NEWSLOOM_<NAME>``). `config.load` reads the
file and reports what is wrong; the rest of the code gets a frozen `Settings`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

#: Seconds, minutes ... as pydantic reads them: a number of seconds or ISO 8601 (PT30M).
PositiveTime = Annotated[timedelta, Field(gt=timedelta(0))]


class Settings(BaseSettings):
    """What an operator can set. Paths are relative to `home`."""

    model_config = SettingsConfigDict(env_prefix="NEWSLOOM_", frozen=True, extra="forbid")

    home: Path = Path()
    database_url: SecretStr = SecretStr("sqlite:///state/newsloom.db")
    #: Folder of the catalogue; unset: the one shipped with newsloom.
    catalogue: Path | None = None
    #: Root below which the sites' folders lie.
    out: Path = Path("out")

    # Who we say we are: RFC 9110 section 10.1.5 wants a way to reach the operator.
    user_agent: str = "newsloom/0.1"
    contact: str = ""

    # The network.
    proxy: SecretStr | None = None
    ca_file: Path | None = None
    #: Private networks that may be dialled; none by default.
    allow_networks: tuple[IPv4Network | IPv6Network, ...] = ()
    #: Requests in flight; httpx slows down with larger pools (measured: 16 to 64 is best).
    concurrency: int = Field(default=32, ge=1, le=64)
    feed_max_bytes: int = Field(default=10 * 2**20, ge=1024)
    page_max_bytes: int = Field(default=5 * 2**20, ge=1024)
    feed_deadline: PositiveTime = timedelta(seconds=30)
    page_deadline: PositiveTime = timedelta(seconds=20)

    # Politeness.
    host_spacing: Annotated[timedelta, Field(ge=timedelta(0))] = timedelta(seconds=1)
    #: Entries of one host in one batch at most.
    host_batch: int = Field(default=4, ge=1)
    poll_interval: PositiveTime = timedelta(minutes=30)

    # Work.
    fetch_batch: int = Field(default=50, ge=1, le=100)
    extract_batch: int = Field(default=20, ge=1, le=50)
    children: int = Field(default=2, ge=1, le=64)
    child_cpu_seconds: int = Field(default=10, ge=1)
    child_memory_mb: int = Field(default=1024, ge=256)
    lease: PositiveTime = timedelta(seconds=120)
    #: A tick that is not done by then closes without its stragglers.
    tick_deadline: PositiveTime = timedelta(minutes=15)
    #: Articles older than this at their tick no longer attract new ones.
    window: PositiveTime = timedelta(hours=72)
    #: How long page bodies are kept.
    keep_pages: PositiveTime = timedelta(days=30)
    #: Domain -> dotted name of a `pipeline.plugins.PageExtractor`.
    page_extractors: Mapping[str, str] = Field(default_factory=dict)

    # Secrets, by value or by file.
    master_key: SecretStr | None = None
    master_key_file: Path | None = None
    broker_url: SecretStr = SecretStr("redis://127.0.0.1:6379/0")

    # Workers.
    tick_every: PositiveTime = timedelta(seconds=30)
    sweep_every: PositiveTime = timedelta(seconds=60)

    #: Stops the clock, for rehearsals and the demo; never in service.
    fixed_time: datetime | None = None

    def path(self, value: Path) -> Path:
        """Return `value` below the installation's folder, unless it is absolute."""
        return self.home / value
