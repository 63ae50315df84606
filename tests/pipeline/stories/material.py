"""Articles and a catalogue for these tests; places and companies are invented."""

from datetime import UTC, datetime, timedelta

from config.catalogue import Organisation, Scoring, Topic
from pipeline.records import (
    Article,
    ArticleId,
    ArticleType,
    Image,
    Membership,
    PageId,
    Part,
    Score,
    ScoredArticle,
    StoryId,
)
from pipeline.stories.cluster import Assignment, LiveArticle, assign

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
WINDOW = timedelta(hours=72)

SCORING = Scoring(
    unknown_provider=20,
    amp=20,
    image=15,
    keyword_in_title=10,
    further_topic=2,
    further_topics_limit=5,
    video=50,
    voice=10,
    voices_limit=10,
    quality_gate=50,
)
TOPICS = (
    Topic(name="AI", keywords=("AI", "artificial intelligence")),
    Topic(name="Facial Recognition", parent="AI", keywords=("facial recognition",)),
    Topic(name="Robotics", parent="AI", keywords=("robot", "robotics"), excludes=("robot vacuum",)),
    Topic(name="Climate", keywords=("climate change", "emissions")),
)


def make(
    name: str,
    title: str,
    text: str = "",
    *,
    provider: str | None = None,
    hours: float = 0,
    language: str = "en",
    amp: bool = False,
    image: bool = False,
    url: str | None = None,
    kind: ArticleType = ArticleType.ARTICLE,
) -> Article:
    """Make an article `hours` after noon; each has its own provider unless it is given one."""
    domain = provider or f"{name}.example"
    address = url or f"https://{domain}/{name}"
    return Article(
        id=ArticleId(name),
        page_id=PageId(name),
        url=address,
        title=title,
        excerpt=text,
        text="",
        published_at=NOON + timedelta(hours=hours),
        language=language,
        type=kind,
        provider=domain,
        provider_name=domain.partition(".")[0].title(),
        amp_url=f"{address}/amp" if amp else None,
        image=Image(url=f"{address}.jpg", width=800, height=450) if image else None,
    )


def scored(article: Article, quality: int) -> ScoredArticle:
    part = Part(name="provider", value=quality)
    return ScoredArticle(article=article, topics=(), quality=Score(value=quality, parts=(part,)))


def organisation(domain: str, quality: int = 40, family: str | None = None) -> Organisation:
    return Organisation(domain=domain, name=domain, quality=quality, family=family)


def copy_of(name: str, original: str) -> Membership:
    return Membership(
        article_id=ArticleId(name), nearest=ArticleId(original), copy_of=ArticleId(original)
    )


def place(new: list[Article], live: list[LiveArticle] | None = None) -> list[Assignment]:
    return assign(new, live or [], window=WINDOW, is_taken=nothing_taken)


def nothing_taken(_: StoryId) -> bool:
    return False


def groups(assignments: list[Assignment]) -> set[frozenset[str]]:
    """Return who stands with whom, by article id."""
    stories: dict[str, set[str]] = {}
    for one in assignments:
        stories.setdefault(one.story_id, set()).add(one.article_id)
    return {frozenset(members) for members in stories.values()}


#: One event, told by four outlets in their own words.
BRIDGE = [
    make(
        "bridge1",
        "Norvale harbour bridge closed after inspectors find crack in pylon",
        "The harbour bridge in Norvale was closed to all traffic on Monday after inspectors found"
        " a crack in its northern pylon. The city's transport office said the span would stay shut"
        " for at least two weeks while engineers examine the steel.",
    ),
    make(
        "bridge2",
        "Crack shuts Norvale's main bridge, ferries laid on for commuters",
        "Thousands of commuters in Norvale had to switch to ferries after a crack in a pylon forced"
        " the transport office to close the harbour bridge. Engineers expect the closure to last"
        " two weeks.",
        hours=2,
    ),
    make(
        "bridge3",
        "Harbour bridge in Norvale to stay shut for two weeks",
        "Engineers need two weeks to examine the cracked northern pylon of the Norvale harbour"
        " bridge, the transport office said on Monday evening.",
        hours=6,
    ),
    make(
        "bridge4",
        "What the cracked pylon means for Norvale and its harbour",
        "Freight firms fear delays at the harbour of Norvale after inspectors found a crack in the"
        " bridge's northern pylon and the city closed it to traffic.",
        hours=20,
    ),
]
#: Other events of the same hours.
OTHERS = [
    make(
        "cinema",
        "Old cinema in Eastmere reopens with a week of silent films",
        "The Lantern cinema in Eastmere opens its doors again after a restoration that took four"
        " years. A pianist will accompany the first week of silent films.",
        hours=1,
    ),
    make(
        "rates",
        "Central bank of Ostrava leaves interest rates unchanged",
        "The central bank kept its key rate at three per cent on Monday and said inflation was"
        " falling as fast as it had hoped.",
        hours=3,
    ),
    make(
        "otter",
        "Otters return to the Linden river after sixty years",
        "Conservationists have counted seven otters along the Linden river, where the animal had"
        " not been seen for six decades.",
        hours=5,
    ),
]
