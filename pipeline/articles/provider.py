"""Whose article it is: the domain and the name of its publisher."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from config.catalogue import Organisation
from pipeline.plaintext import clean_line
from pipeline.urls import host_of, registrable_domain, same_site


def provider_of(
    url: str,
    *,
    source_provider: str,
    organisations: Mapping[str, Organisation],
    site_name: str | None,
) -> tuple[str, str]:
    """Return the provider's domain and name for the article at `url`.

    The longest registered suffix of the article's host comes first (``aws.amazon.com`` before
    ``amazon.com``); on the source's own site the source's provider; else the registrable domain,
    named as the site names itself. Raise ValueError when `url` is unusable.
    """
    host = host_of(url)
    for domain in _suffixes(host):
        if domain in organisations:
            return domain, organisations[domain].name
    own = registrable_domain(host)
    if same_site(f"https://{source_provider}/", url):
        known = organisations.get(source_provider)
        return source_provider, known.name if known else _named(site_name, source_provider)
    return own, _named(site_name, own)


def _suffixes(host: str) -> Iterator[str]:
    """Yield the host without www., then without one label after the other, longest first."""
    labels = host.removeprefix("www.").split(".")
    for start in range(len(labels)):
        yield ".".join(labels[start:])


def _named(site_name: str | None, domain: str) -> str:
    """Return a site's own name as one line, its domain when it has none."""
    return clean_line(site_name or "") or domain
