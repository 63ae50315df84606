"""The catalogue, read from its five files and checked as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from pydantic import ValidationError

from config.catalogue import Catalogue, Organisation, Scoring, Site, SourceEntry, Topic
from config.catalogue_checks import check_organisations, check_sites, check_sources, check_topics
from config.members import Section
from config.problems import ConfigError, Problem, reason_of, suggestion
from config.tomlfile import TomlFile, read_toml
from config.wording import Place, problems_of

_SCORING = "scoring.toml"
#: File, its table, and the key that names each table.
_TABLES = {
    "sources.toml": ("source", "id"),
    "organisations.toml": ("organisation", "domain"),
    "topics.toml": ("topic", "name"),
    "sites.toml": ("site", "name"),
}


def shipped() -> Traversable:
    """Return the folder of the catalogue that comes with newsloom."""
    return files("config") / "catalogue"


def load_catalogue(folder: Path | None = None, *, topics_file: Path | None = None) -> Catalogue:
    """Return the catalogue in `folder`; None: the one shipped with newsloom.

    `topics_file` is read in place of the folder's ``topics.toml``: a draft of it.
    ``scoring.toml`` may be absent or name only the weights that differ from the shipped ones.
    Raise ConfigError with all that is wrong.
    """
    problems: list[Problem] = []
    place = shipped() if folder is None else folder
    names = _names(place, problems)
    drafts = {"topics.toml": topics_file} if topics_file else {}
    found = _read_files({name: drafts.get(name, place / name) for name in _TABLES}, problems)
    scoring = _scoring(place if _SCORING in names else shipped(), problems)
    # Half a catalogue would seem full of names that lead nowhere.
    if problems or scoring is None:
        raise ConfigError(problems)
    sources, organisations, topics, sites = (
        Section(found[name], table, label) for name, (table, label) in _TABLES.items()
    )
    all_sources = sources.read(SourceEntry, problems)
    all_organisations = organisations.read(Organisation, problems)
    all_topics = topics.read(Topic, problems)
    all_sites = sites.read(Site, problems)
    problems += check_sources(all_sources)
    problems += check_organisations(all_organisations)
    problems += check_topics(all_topics, topics.names)
    problems += check_sites(all_sites, topics.names)
    if problems:
        raise ConfigError(problems)
    return Catalogue(
        sources={member.value.id: member.value for member in all_sources},
        organisations={member.value.domain: member.value for member in all_organisations},
        topics=tuple(member.value for member in all_topics),
        sites={member.value.name: member.value for member in all_sites},
        scoring=scoring,
    )


def _names(place: Traversable, problems: list[Problem]) -> list[str]:
    """Return what the folder holds; refuse a TOML file in it that nobody would read."""
    try:
        names = [file.name for file in place.iterdir()]
    except OSError as error:
        reason = reason_of(error)
        remedy = "`newsloom init DIR` makes one; leave out `catalogue` for the shipped one"
        wrong = f"no folder of a catalogue ({reason})"
        raise ConfigError([Problem(where=str(place), wrong=wrong, remedy=remedy)]) from error
    known = [*_TABLES, _SCORING]
    problems += [
        Problem(where=str(place / name), wrong="unknown file", remedy=suggestion(name, known))
        for name in sorted(names)
        if name.endswith(".toml") and name not in known
    ]
    return names


def _read_files(places: Mapping[str, Traversable], problems: list[Problem]) -> dict[str, TomlFile]:
    """Return the files with tables; add what is wrong to `problems`."""
    found = {}
    for name, file in places.items():
        try:
            found[name] = read_toml(file)
        except ConfigError as error:
            problems += error.problems
    return found


def _scoring(place: Traversable, problems: list[Problem]) -> Scoring | None:
    """Return the shipped weights with those of the folder laid over them."""
    try:
        file = read_toml(place / _SCORING)
    except ConfigError as error:
        problems += error.problems
        return None
    try:
        return Scoring.model_validate({**read_toml(shipped() / _SCORING).data, **file.data})
    except ValidationError as error:
        problems += problems_of(error, Scoring, lambda key: Place(file.name, key, file.line(key)))
        return None
