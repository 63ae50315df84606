"""Pure: a tree of documents, of whatever generation -> the stories they are.

The original system wrote a file for each article: of a group, one is shown and lists the others,
whose own files have heat -1. Here a story has one file, so the shown ones become stories with all
that they list, and the others stay as the tombstones they are, merged into the story that has
their article.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from pipeline.records import ArticleId, StoryId
from pipeline.seedfile.document import WITHDRAWN_HEAT, SeedDocument, SeedRelated
from pipeline.urls import url_key


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundDocument:
    """One file of the tree."""

    name: str
    data: bytes
    document: SeedDocument
    lead: ArticleId
    #: In the order of the document, without those whose address leads nowhere.
    related: Mapping[ArticleId, SeedRelated]
    #: What manifest or `secured` say it is; None for files of another system.
    story_id: StoryId | None = None
    #: By the manifest; sites rely on its never going back.
    revision: int = 1
    #: The story that took it over, by the change feed.
    into: StoryId | None = None

    @property
    def is_shown(self) -> bool:
        """Say whether it speaks for its story, though perhaps below a site's threshold."""
        return self.document.heat != WITHDRAWN_HEAT and not self.document.removed


@dataclass(frozen=True, slots=True, kw_only=True)
class Adoption:
    """What one file becomes."""

    found: FoundDocument
    story_id: StoryId
    #: live | merged | retracted.
    state: str
    into: StoryId | None = None
    #: The articles it brings into its story, the lead first; () for a story that is known.
    members: Mapping[ArticleId, SeedDocument | SeedRelated] = field(default_factory=dict)
    #: The story was there before; only its file was not.
    is_known: bool = False

    @property
    def lags(self) -> bool:
        """Say whether the file says something else than what it has become."""
        return self.is_known or self.found.is_shown != (self.state == "live")


def lead_key(document: SeedDocument) -> str:
    """Return the url_key of a document's article. Raise ValueError when it has no address."""
    address = document.url or document.original_url
    if not address:
        raise ValueError("neither an address nor originalUrl; add one")
    return url_key(address)


def related_keys(document: SeedDocument) -> dict[str, SeedRelated]:
    """Return a document's related articles by their url_keys; unusable ones are left out."""
    found: dict[str, SeedRelated] = {}
    for related in document.related:
        with suppress(ValueError):
            found.setdefault(url_key(related.url), related)
    return found


def adopt(
    found: Iterable[FoundDocument],
    *,
    owners: Mapping[ArticleId, StoryId],
    homeless: Iterable[StoryId],
    refused: Iterable[ArticleId],
    new_id: Callable[[ArticleId, Callable[[StoryId], bool]], StoryId],
) -> list[Adoption]:
    """Say what each file becomes; hot ones choose first, then the older.

    `owners` are the stories that articles are in already, `homeless` those of them without a file
    on the site, `refused` the articles that somebody took out for good. `new_id` names the story
    that an article founds, other than those that its second argument says are taken.
    """
    plan = _Plan(owners, homeless, refused, new_id)
    files = sorted(found, key=_rank)
    plan.reserve(files)
    shown = [one for one in files if one.is_shown]
    adoptions = [plan.shown(one) for one in shown]
    adoptions = [plan.with_related(adoption) for adoption in adoptions]
    return adoptions + [plan.hidden(one) for one in files if not one.is_shown]


def _rank(one: FoundDocument) -> tuple[int, str, str]:
    """Order files: the hottest first, then the older, then by name."""
    return (-one.document.heat, one.document.published_at.isoformat(), one.name)


class _Plan:
    """Who has which article, while the files are gone through."""

    def __init__(
        self,
        owners: Mapping[ArticleId, StoryId],
        homeless: Iterable[StoryId],
        refused: Iterable[ArticleId],
        new_id: Callable[[ArticleId, Callable[[StoryId], bool]], StoryId],
    ) -> None:
        self._owners = dict(owners)
        self._homeless = set(homeless)
        self._refused = set(refused)
        self._new_id = new_id
        #: Story -> the file that names it.
        self._named: dict[StoryId, str] = {}

    def reserve(self, files: Sequence[FoundDocument]) -> None:
        """Let no story get an id that a file states; of two files with one id the first has it."""
        for one in files:
            if one.story_id:
                self._named.setdefault(one.story_id, one.name)

    def shown(self, one: FoundDocument) -> Adoption:
        """Make a story of a file that is shown, unless its lead is in one already."""
        owner = self._owners.get(one.lead)
        if owner in self._homeless:
            self._homeless.remove(owner)
            return Adoption(found=one, story_id=owner, state="live", is_known=True)
        if owner:
            return Adoption(found=one, story_id=self._id(one), state="merged", into=owner)
        if one.lead in self._refused:
            return Adoption(found=one, story_id=self._id(one), state="retracted")
        story_id = self._owners[one.lead] = self._id(one)
        return Adoption(
            found=one, story_id=story_id, state="live", members={one.lead: one.document}
        )

    def with_related(self, adoption: Adoption) -> Adoption:
        """Add what a new story's file lists and no other story has."""
        if not adoption.members:
            return adoption
        members = dict(adoption.members)
        for article_id, related in adoption.found.related.items():
            if article_id not in self._refused and article_id not in self._owners:
                self._owners[article_id] = adoption.story_id
                members[article_id] = related
        return replace(adoption, members=members)

    def hidden(self, one: FoundDocument) -> Adoption:
        """Keep a file that is not shown as the tombstone of a story."""
        told = [one.into] if one.into in self._named else []
        into = next(iter([*told, *self._stories_of(one)]), None)
        state = "merged" if into and not one.document.removed else "retracted"
        return Adoption(
            found=one,
            story_id=self._id(one),
            state=state,
            into=into if state == "merged" else None,
        )

    def _stories_of(self, one: FoundDocument) -> Iterator[StoryId]:
        """Yield the stories that have the file's articles, its lead's first."""
        for article_id in (one.lead, *one.related):
            if owner := self._owners.get(article_id):
                yield owner

    def _id(self, one: FoundDocument) -> StoryId:
        """Return the id that a file states, or a new one."""
        if one.story_id and self._named[one.story_id] == one.name:
            return one.story_id
        story_id = self._new_id(one.lead, self._named.__contains__)
        self._named[story_id] = one.name
        return story_id
