"""Whose article it is: the domain and the name of its publisher."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from config.catalogue import Organisation
from pipeline.plaintext import clean_line
from pipeline.urls import host_of, registrable_domain, same_site


@dataclass(frozen=True, slots=True)
class Provider:
    """A publisher: its domain, its name, and who says so.

    `origin` is ``catalogue``, ``source``, or ``page`` for a site that only names itself.
    """

    domain: str
    name: str
    origin: str


def provider_of(
    url: str,
    *,
    source_provider: str,
    organisations: Mapping[str, Organisation],
    site_name: str | None,
) -> Provider:
    """Return the provider of the article at `url`.

    The longest registered suffix of the article's host comes first (``aws.amazon.com`` before
    ``amazon.com``); on the source's own site the source's provider; else the registrable domain,
    named as the site names itself. Raise ValueError when `url` is unusable.
    """
    host = host_of(url)
    for domain in _suffixes(host):
        if domain in organisations:
            return Provider(domain, organisations[domain].name, "catalogue")
    own = registrable_domain(host)
    if same_site(f"https://{source_provider}/", url):
        known = organisations.get(source_provider)
        name = known.name if known else _named(site_name, source_provider)
        return Provider(source_provider, name, "catalogue" if known else "source")
    return Provider(own, _named(site_name, own), "page")


def _suffixes(host: str) -> Iterator[str]:
    """Yield the host without www., then without one label after the other, longest first."""
    labels = host.removeprefix("www.").split(".")
    for start in range(len(labels)):
        yield ".".join(labels[start:])


def _named(site_name: str | None, domain: str) -> str:
    """Return a site's own name as one line, its domain when it has none."""
    return clean_line(site_name or "") or domain
