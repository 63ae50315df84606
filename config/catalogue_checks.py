"""What no single table of the catalogue shows: doubles, names that lead nowhere, circles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from posixpath import normpath
from urllib.parse import urlsplit

from config.catalogue import Catalogue, Organisation, Site, SourceEntry, Topic
from config.members import Member, twice
from config.problems import Problem, suggestion

_DEFAULT_PORTS = {"http": 80, "https": 443}


def check_sources(sources: Sequence[Member[SourceEntry]]) -> Iterator[Problem]:
    """Refuse two sources of one id or one feed."""
    yield from twice(sources, "id", lambda source: source.id, "this id is taken")
    yield from twice(sources, "feed", lambda source: feed_key(source.feed), "this feed is listed")


def feed_key(url: str) -> str:
    """Return what two spellings of one feed share.

    Scheme, www., default port, fragment and trailing slashes go; the case of the path stays.
    """
    parts = urlsplit(url)
    port = "" if parts.port in {None, _DEFAULT_PORTS[parts.scheme]} else f":{parts.port}"
    host = (parts.hostname or "").removeprefix("www.")
    return f"{host}{port}{parts.path.rstrip('/')}?{parts.query}"


def check_organisations(organisations: Sequence[Member[Organisation]]) -> Iterator[Problem]:
    """Refuse two organisations of one domain."""
    yield from twice(organisations, "domain", lambda one: one.domain, "this domain is taken")


def check_topics(topics: Sequence[Member[Topic]], known: Sequence[str]) -> Iterator[Problem]:
    """Refuse two topics of one name, unknown parents, circles of them, and rules at odds."""
    yield from twice(topics, "name", lambda topic: topic.name.casefold(), "this name is taken")
    for member in topics:
        yield from _unknown_topics(member, "parent", [member.value.parent], known)
        yield from _at_odds(member)
    yield from _circles(topics)


def check_sites(sites: Sequence[Member[Site]], known: Sequence[str]) -> Iterator[Problem]:
    """Refuse two sites of one name or folder, and topics that do not exist."""
    yield from twice(sites, "name", lambda site: site.name, "this name is taken")
    yield from twice(sites, "out", lambda site: normpath(site.out), "this folder is taken")
    for member in sites:
        yield from _unknown_topics(member, "topics", member.value.topics, known)


def _unknown_topics(
    member: Member[Topic] | Member[Site],
    key: str,
    names: Sequence[str | None],
    known: Sequence[str],
) -> Iterator[Problem]:
    """Refuse names of topics that `known` does not hold."""
    for name in names:
        if name is not None and name not in known:
            yield member.problem(key, f"unknown topic {name!r}", suggestion(name, known))


def _at_odds(member: Member[Topic]) -> Iterator[Problem]:
    """Refuse what a topic both takes and keeps off."""
    topic = member.value
    for key, kept_off, rule, taken in (
        ("excludes", topic.excludes, "keywords", topic.keywords),
        ("not_providers", topic.not_providers, "providers", topic.providers),
    ):
        for value in kept_off:
            if value in taken:
                yield member.problem(
                    key, f"{value!r} stands in {rule} too", "leave it out of one of the two"
                )


def _circles(topics: Sequence[Member[Topic]]) -> Iterator[Problem]:
    """Refuse each circle of parents once, at the topic of it that comes first."""
    parents: Mapping[str, str | None] = {
        member.value.name: member.value.parent for member in topics
    }
    seen: set[str] = set()
    for member in topics:
        way = _way_up(member.value.name, parents)
        circle = way[way.index(way[-1]) :] if way[-1] in way[:-1] else []
        if circle and seen.isdisjoint(circle):
            wrong = f"a circle of parents: {' > '.join(circle)}"
            yield member.problem("parent", wrong, "leave out one of these parents")
        seen.update(way)


def _way_up(name: str, parents: Mapping[str, str | None]) -> list[str]:
    """Return a topic, its parent, and so on, until the top or until one comes again."""
    way = [name]
    while (parent := parents.get(way[-1])) is not None:
        way.append(parent)
        if parent in way[:-1]:
            break
    return way


def catalogue_warnings(catalogue: Catalogue) -> list[str]:
    """Return what is allowed, but probably not meant."""
    publishers = {source.provider for source in catalogue.sources.values()}
    strangers = sorted(publishers - catalogue.organisations.keys())
    known = publishers | catalogue.organisations.keys()
    warnings = [
        f"provider {domain} has no organisation: its articles start from quality "
        f"{catalogue.scoring.unknown_provider} and show their own name"
        for domain in strangers
    ]
    warnings += [
        f"topic {topic.name}: no source and no organisation is called {domain}"
        for topic in catalogue.topics
        for domain in _publishers(topic)
        if domain not in known
    ]
    if not catalogue.sources:
        warnings.append("no source: nothing will be polled")
    if not catalogue.sites:
        warnings.append("no site: nothing will be written")
    return warnings


def _publishers(topic: Topic) -> list[str]:
    """Return the publishers that a topic's rules name, each once."""
    of_sections = (section.partition("/")[0] for section in topic.sections)
    named = (domain for domain in of_sections if "." in domain)
    return list(dict.fromkeys([*named, *topic.providers, *topic.not_providers]))
