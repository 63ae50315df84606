import pytest

from pipeline.records import Article, ArticleId, ArticleType, Membership
from pipeline.stories.scores import heat, quality, related_voices
from pipeline.stories.topics import topics_of
from tests.pipeline.stories.material import SCORING, TOPICS, copy_of, make, organisation


def quality_of(article: Article, base: int | None = 40) -> dict[str, float]:
    score = quality(
        article,
        topics=topics_of(article.title, article.excerpt, TOPICS),
        organisation=None if base is None else organisation(article.provider, base),
        scoring=SCORING,
    )
    assert score.value == sum(part.value for part in score.parts)
    return {part.name: part.value for part in score.parts}


def test_a_bare_article_has_its_providers_base() -> None:
    assert quality_of(make("bare", "Otters are back")) == {"provider": 40}


def test_a_provider_without_a_record_has_the_common_base() -> None:
    assert quality_of(make("bare", "Otters are back"), None) == {"provider": 20}


def test_each_good_adds_its_step() -> None:
    full = make(
        "full", "AI robot", "facial recognition", amp=True, image=True, kind=ArticleType.VIDEO
    )
    assert quality_of(full) == {
        "provider": 40,
        "amp": 20,
        "image": 15,
        "video": 50,
        "keyword in title": 10,
        "further topics": 4,
    }


def test_only_the_main_topics_own_keyword_in_the_title_counts() -> None:
    assert "keyword in title" not in quality_of(make("sub", "A robot", "with AI"))


def test_further_topics_are_capped() -> None:
    article = make("many", "AI", "robot, facial recognition, climate change")
    limited = SCORING.model_copy(update={"further_topics_limit": 1})
    score = quality(
        article,
        topics=topics_of(article.title, article.excerpt, TOPICS),
        organisation=None,
        scoring=limited,
    )
    assert score.parts[-1].value == 2
    assert quality_of(article)["further topics"] == 6


@pytest.mark.parametrize(
    ("own", "voices", "expected"),
    [
        (87, 1, 97),
        (87, 0, 87),
        (50, 2, 70),
        (49, 2, 49),
        (0, 9, 0),
        (60, 10, 160),
        (60, 300, 160),
    ],
)
def test_heat_is_quality_and_ten_a_voice_above_the_gate(
    own: int, voices: int, expected: int
) -> None:
    score = heat(own, voices, SCORING)
    assert score.value == expected == sum(part.value for part in score.parts)


LEAD = make("lead", "t", provider="lead.example")
A1, A2 = (make(name, "t", provider="a.example") for name in ("a1", "a2"))
B1 = make("b1", "t", provider="b.example")
OWN = make("own", "t", provider="lead.example")


def voices(
    related: list[Article], *copies: Membership, families: dict[str, str] | None = None
) -> int:
    organisations = {
        domain: organisation(domain, family=family) for domain, family in (families or {}).items()
    }
    return related_voices(LEAD, related, copies, organisations)


def test_a_providers_further_articles_are_one_voice() -> None:
    assert voices([A1, A2, B1]) == 2


def test_the_leads_own_provider_adds_no_voice() -> None:
    assert voices([OWN]) == 0
    assert voices([]) == 0


def test_a_family_is_one_voice() -> None:
    assert voices([A1, B1], families={"a.example": "press", "b.example": "press"}) == 1
    assert voices([A1], families={"a.example": "press", "lead.example": "press"}) == 0


def test_a_copy_is_the_voice_of_its_original() -> None:
    assert voices([A1, B1], copy_of("b1", "a1")) == 1
    assert voices([A1, B1], copy_of("a1", "lead")) == 1


def test_the_lead_may_itself_be_the_copy() -> None:
    assert voices([A1, B1], copy_of("lead", "a1")) == 1
    assert voices([A1], copy_of("lead", "a1")) == 0


def test_copies_of_an_original_outside_the_story_are_one_voice() -> None:
    assert voices([A1, B1], copy_of("a1", "gone"), copy_of("b1", "gone")) == 1
    assert voices([A1], copy_of("lead", "gone"), copy_of("a1", "gone")) == 0


def test_a_provider_that_prints_a_copy_keeps_its_own_voice() -> None:
    assert voices([A1, A2], copy_of("a1", "lead")) == 1


def test_a_circle_of_copies_ends() -> None:
    assert voices([A1, B1], copy_of("a1", "b1"), copy_of("b1", "a1")) == 1


def test_the_order_of_the_related_articles_does_not_count() -> None:
    marks = (copy_of("b1", "a1"), copy_of("own", "gone"))
    assert voices([A1, B1, OWN, A2], *marks) == voices([A2, OWN, B1, A1], *marks)


def test_memberships_without_copies_leave_every_voice() -> None:
    assert voices([A1, B1], Membership(article_id=ArticleId("a1"))) == 2
