"""What no single setting shows: values that exclude each other, or name what does not exist."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import NamedTuple

from pydantic import SecretStr

from config.durations import show_duration
from config.problems import Problem, reason_of
from config.secretfile import read_secret
from config.settings import Settings
from config.wording import Place

#: Where a setting stands, so that a problem can name it.
Locate = Callable[[str], Place]

_DATABASES = re.compile(r"(sqlite|postgresql)(\+[a-z0-9]+)?://")
_DOMAIN = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*")
_DOTTED = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)+")
#: 16 bytes in hexadecimal; no key for HKDF (RFC 5869) should hold less.
_SHORTEST_KEY = 32
_NEW_KEY = "make one with `newsloom secured new-key`"


class _Fault(NamedTuple):
    """A setting, what is wrong with it, how to mend it."""

    name: str
    wrong: str
    remedy: str


def check_settings(settings: Settings, given: Collection[str], place: Locate) -> list[Problem]:
    """Return what is wrong across `settings`; `given` names those that are not defaults."""
    faults = [
        *_paths(settings),
        *_addresses(settings),
        *_times(settings, given),
        *_extractors(settings),
        *_master_key(settings),
    ]
    problems = []
    for name, wrong, remedy in faults:
        where, key, line = place(name)
        problems.append(Problem(where=where, key=key, line=line, wrong=wrong, remedy=remedy))
    return problems


def _paths(settings: Settings) -> Iterator[_Fault]:
    """Refuse paths that do not mean what they look like, and a missing certificate file."""
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if not isinstance(value, Path) or name == "home":
            continue
        if str(value).startswith("~"):
            yield _Fault(name, "`~` is not expanded", "write the whole path")
        elif not str(value).isprintable():
            yield _Fault(name, "a path with control characters", "write it without them")
    if settings.ca_file and not settings.path(settings.ca_file).is_file():
        wrong = f"{settings.path(settings.ca_file)}: no such file"
        yield _Fault("ca_file", wrong, "name a PEM file, or leave it out")


def _addresses(settings: Settings) -> Iterator[_Fault]:
    """Refuse a database, proxy, broker or webhook that nothing here can talk to."""
    if not _DATABASES.match(settings.database_url.get_secret_value()):
        remedy = "write sqlite:///FILE or postgresql://USER@HOST/NAME"
        yield _Fault("database_url", "neither SQLite nor PostgreSQL", remedy)
    if settings.proxy and not _value(settings.proxy).startswith(("http://", "https://")):
        yield _Fault("proxy", "not an http proxy", "write http://HOST:PORT")
    if "://" not in _value(settings.broker_url):
        yield _Fault("broker_url", "not an address", "write redis://HOST:PORT/NUMBER")
    if settings.alert_webhook and not _value(settings.alert_webhook).startswith("https://"):
        yield _Fault("alert_webhook", "not an https address", "write https://HOST/PATH")


def _times(settings: Settings, given: Collection[str]) -> Iterator[_Fault]:
    """Refuse a lease that ends while its holder still waits, and workers on a stopped clock."""
    slowest = max(settings.feed_deadline, settings.page_deadline)
    if settings.lease <= slowest:
        wrong = f"{show_duration(settings.lease)} ends before a request of {show_duration(slowest)}"
        yield _Fault("lease", wrong, "set it above feed_deadline and page_deadline")
    if settings.fixed_time and not {"broker_url", "broker_url_file"}.isdisjoint(given):
        wrong = "the clock stands while workers on a broker rely on time passing"
        yield _Fault("fixed_time", wrong, "remove fixed_time, or broker_url for a rehearsal")


def _extractors(settings: Settings) -> Iterator[_Fault]:
    """Refuse page extractors that cannot be found by their name."""
    for domain, dotted in settings.page_extractors.items():
        if not _DOMAIN.fullmatch(domain):
            yield _Fault("page_extractors", f"{domain!r} is no domain", "write it as example.com")
        if not _DOTTED.fullmatch(dotted):
            wrong = f"{dotted!r} is no dotted name"
            yield _Fault("page_extractors", wrong, "write it as package.module.name")


def _master_key(settings: Settings) -> Iterator[_Fault]:
    """Refuse a key that protects nothing; a file that is still to be made is no fault here."""
    name, text = "master_key", _value(settings.master_key) if settings.master_key else None
    path = settings.path(settings.master_key_file) if settings.master_key_file else None
    # A pipe can be read once only, and not by us; a file may still have to be made.
    if path and path.is_file():
        name = "master_key_file"
        try:
            text = read_secret(path)
        except (OSError, ValueError) as error:
            yield _Fault(name, f"{path} cannot be used ({reason_of(error)})", _NEW_KEY)
            return
    if text is None:
        return
    key = text.strip().rstrip("=")
    if len(key) < _SHORTEST_KEY:
        yield _Fault(name, f"a key of {len(key)} characters is too short", _NEW_KEY)
    # All zeros or all ones, in base64 or hexadecimal alike.
    elif len(set(key[:-1])) == 1:
        yield _Fault(name, "the key is one character repeated", _NEW_KEY)


def _value(secret: SecretStr) -> str:
    """Return what a secret holds."""
    return secret.get_secret_value()
