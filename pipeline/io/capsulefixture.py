"""A capsule as a fixture of tests: a recorded web, the catalogue that watches it, what to expect.

    web/<host>/host.toml, 1.html ...   see `pipeline.io.recorded`
    catalogue/                         the source, and a site that takes everything
    expected.json                      the moment, and how the feed or page ended

Hosts of a capsule are foreign: they name folders only when they look like hosts.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from email.utils import format_datetime
from html import escape
from pathlib import Path
from urllib.parse import urljoin

import httpx

from config.catalogue import Site
from config.sourceblock import source_block
from pipeline.errors import UsageError
from pipeline.io.capsule import Capsule, Ending, Held, Manifest, ShownEntry
from pipeline.plaintext import clean_line

_HOST = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
#: Of a body's file; what it is says the answer's content type.
_SUFFIXES = {"html": ".html", "xml": ".xml", "rss": ".xml", "json": ".json", "plain": ".txt"}


def write_fixture(folder: Path, capsule: Capsule, ending: Ending) -> list[Path]:
    """Write a fixture into `folder`, which is made, and return its files.

    Raise UsageError when the folder holds something already, or a host's name is none.
    """
    require_empty(folder)
    manifest = capsule.manifest
    by_host: dict[str, list[Held]] = defaultdict(list)
    for held in _recorded(capsule):
        by_host[_host(held.url)].append(held)
    files = {
        Path("catalogue") / "sources.toml": source_block(manifest.source),
        **catalogue_of(Site(name="replay", out=".", threshold=0)),
        Path("expected.json"): _expected(manifest, ending),
    }
    written = [folder / name for name in files]
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    for host, answers in sorted(by_host.items()):
        written += _write_host(folder / "web" / host, answers)
    return written


def require_empty(folder: Path) -> None:
    """Raise UsageError when a folder is a file, or holds something already."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder}: there is something already; name a new or empty folder")


def catalogue_of(site: Site) -> dict[Path, str]:
    """Return the files of a catalogue beside its sources: one site, and all else as it may be."""
    text = f'[[site]]\nname = "{site.name}"\nout = "{site.out}"\nthreshold = {site.threshold}\n'
    empty = {Path("catalogue") / f"{name}.toml": "" for name in ("organisations", "topics")}
    return {Path("catalogue") / "sites.toml": text, **empty}


def _expected(manifest: Manifest, ending: Ending) -> str:
    """Return the moment and the ending as JSON."""
    moment = manifest.clock.isoformat()
    told = {"moment": moment, "subject": manifest.subject, **ending.model_dump()}
    return json.dumps(told, ensure_ascii=False, indent=2) + "\n"


def _host(url: str) -> str:
    """Return the host of an answer. Raise UsageError when it could name another folder."""
    try:
        host = httpx.URL(url).host
    except httpx.InvalidURL:
        host = ""
    if not _HOST.fullmatch(host):
        raise UsageError(f"{url[:200]}: an answer of no host; make the capsule anew")
    return host


def _recorded(capsule: Capsule) -> Iterator[Held]:
    """Yield the answers that a recorded web can give.

    It knows no schemes: a redirect to the same place is left out. Where the feed is not held, one
    with the entry takes its place.
    """
    for held in capsule.answers:
        location = held.headers.get("location")
        if location is None or _place(urljoin(held.url, location)) != _place(held.url):
            yield held
    shown = capsule.manifest.shown
    if shown is not None:
        headers = {"content-type": "application/rss+xml"}
        feed = _feed(shown).encode()
        yield Held(url=capsule.manifest.source.feed, status=200, headers=headers, body=feed)


def _place(url: str) -> tuple[str, bytes]:
    """Return what a recorded web knows of an address."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        return url, b""
    return parsed.host, parsed.raw_path


def _feed(shown: ShownEntry) -> str:
    """Return a feed with this one entry."""
    entry = shown.entry
    parts = [
        f"<title>{_text(entry.title)}</title>",
        f"<link>{_text(entry.url)}</link>",
        f'<guid isPermaLink="false">{_text(shown.key)}</guid>',
        f"<description>{_text(entry.summary)}</description>",
        *(f"<dc:creator>{_text(name)}</dc:creator>" for name in entry.authors),
    ]
    if entry.published_at is not None:
        parts.append(f"<pubDate>{format_datetime(entry.published_at)}</pubDate>")
    for media in entry.media:
        sizes = {"width": media.width, "height": media.height, "type": media.type}
        said = "".join(f' {name}="{_text(str(value))}"' for name, value in sizes.items() if value)
        parts.append(f'<media:content url="{_text(media.url)}"{said}/>')
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/"'
        ' xmlns:media="http://search.yahoo.com/mrss/"><channel><title>Of a capsule</title>\n'
        f"<item>{''.join(parts)}</item>\n</channel></rss>\n"
    )


def _text(text: str) -> str:
    return escape(clean_line(text))


def _write_host(folder: Path, answers: list[Held]) -> list[Path]:
    """Write the recording of one host and return its files."""
    folder.mkdir(parents=True)
    written, blocks = [folder / "host.toml"], []
    for number, held in enumerate(answers, 1):
        kind = held.headers.get("content-type", "")
        values = {
            "path": httpx.URL(held.url).raw_path.decode("ascii"),
            "status": held.status,
            "type": kind or None,
            "location": held.headers.get("location"),
            "etag": held.headers.get("etag"),
        }
        if held.body:
            suffix = next((end for word, end in _SUFFIXES.items() if word in kind), ".bin")
            values["file"] = f"{number}{suffix}"
            (folder / f"{number}{suffix}").write_bytes(held.body)
            written.append(folder / f"{number}{suffix}")
        lines = [f"{name} = {_toml(value)}" for name, value in values.items() if value is not None]
        if robots := held.headers.get("x-robots-tag"):
            lines.append(f'headers = {{ "x-robots-tag" = {_toml(robots)} }}')
        blocks.append("\n".join(["[[answer]]", *lines, ""]))
    written[0].write_text("\n".join(blocks), encoding="utf-8")
    return written


def _toml(value: object) -> str:
    """Return a text or number as TOML; what JSON writes is TOML too, bar DEL."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
