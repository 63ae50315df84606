import json

import pytest

from pipeline.records import Article, ArticleId, Membership, Story, StoryId
from pipeline.stories.explain import explain_story
from pipeline.stories.story import build_story
from pipeline.stories.vetoes import VETOES
from tests.pipeline.stories.material import (
    BRIDGE,
    SCORING,
    TOPICS,
    make,
    organisation,
    place,
)

#: The two articles of the format's reference document.
BBC = make(
    "technology-51220654",
    "Twitter demands AI company stops 'collecting faces'",
    "Twitter has demanded an AI company stop taking images from its website. Clearview has already"
    " amassed more than three billion photographs from sites including Facebook and Twitter. They"
    " are used by the FBI and Department of Homeland Security and more than 600 other"
    " law-enforcement agencies around the world to identify suspects. In a cease-and ...",
    provider="bbc.com",
    hours=0.5,
    amp=True,
    image=True,
)
DAILY_DOT = make(
    "twitter-clearview-cease-and-desist",
    "Twitter sends cease-and-desist letter to facial recognition firm scraping its images",
    "Twitter sent a cease-and-desist letter to Clearview AI, the company that created a vast"
    " database of photos scraped from public-facing photos, which can be used with facial"
    " recognition software, demanding that it delete any data collected from their service,"
    " according to a new report. The New York Times reports that Twitter sent Clearview AI the ...",
    provider="dailydot.com",
    amp=True,
    image=True,
)
ORGANISATIONS = {
    "bbc.com": organisation("bbc.com", 42),
    "dailydot.com": organisation("dailydot.com", 15),
}


def build(articles: list[Article], memberships: list[Membership]) -> Story:
    return build_story(
        StoryId("s"),
        articles,
        memberships,
        topics=TOPICS,
        organisations=ORGANISATIONS,
        scoring=SCORING,
    )


def placed(articles: list[Article]) -> Story:
    return build(articles, [one.membership for one in place(articles)])


def test_the_reference_document_has_its_scores() -> None:
    assert len({one.story_id for one in place([BBC, DAILY_DOT])}) == 1
    story = placed([BBC, DAILY_DOT])
    assert (story.lead.article, story.lead.quality.value) == (BBC, 87)
    assert [(one.article, one.quality.value) for one in story.related] == [(DAILY_DOT, 52)]
    assert (story.heat.value, story.related_voices, story.topics) == (97, 1, ("AI",))
    assert story.related[0].topics == ("AI", "Facial Recognition")


def test_the_order_of_the_articles_does_not_change_the_story() -> None:
    assert placed([BBC, DAILY_DOT]) == placed([DAILY_DOT, BBC])


def test_memberships_follow_the_articles_and_strangers_are_left_out() -> None:
    stranger = Membership(article_id=ArticleId("stranger"))
    story = build([DAILY_DOT, BBC], [stranger])
    assert [one.article_id for one in story.memberships] == [BBC.id, DAILY_DOT.id]


def test_a_story_of_one_article_is_as_hot_as_it_is_good() -> None:
    story = placed([BBC])
    assert (story.related, story.heat.value) == ((), 87)


def test_a_story_without_articles_is_none() -> None:
    with pytest.raises(ValueError, match="empty"):
        build([], [])


def test_why_names_the_nearest_article_the_terms_and_the_shared_words() -> None:
    why = explain_story(placed([BBC, DAILY_DOT]))
    lead, related = why["members"]
    assert (lead["lead"], related["placed"]) == (True, {"founded": True})
    reason = lead["placed"]
    assert reason["nearest_title"] == DAILY_DOT.title
    assert sum(part["value"] for part in reason["link"]) == pytest.approx(reason["score"], abs=1e-3)
    assert [part["name"] for part in reason["pair"]][:2] == ["bias", "everything"]
    assert "clearview" in reason["shared"]
    assert len(reason["shared"]) == 5
    assert reason["vetoes_passed"] == list(VETOES)
    assert why["heat"]["parts"][1] == {"name": "voices", "value": 10, "detail": "1 x 10"}


def test_why_is_plain_data() -> None:
    story = placed(BRIDGE)
    assert json.loads(json.dumps(explain_story(story))) == explain_story(story)


def test_why_tells_copies_and_runners_up() -> None:
    reprint = make("reprint", "Norvale bridge shut", BRIDGE[0].excerpt, hours=1)
    other = make(
        "other",
        "Museum of bridges opens its doors",
        "A museum of bridges has opened in an old warehouse. Models of wood and steel tell how"
        " people have crossed rivers since antiquity.",
        hours=0.5,
    )
    placements = place([*BRIDGE, reprint, other])
    assert [one.founded for one in placements if one.article_id == "other"] == [True]
    why = explain_story(build([*BRIDGE, reprint], [one.membership for one in placements]))
    reason = next(one for one in why["members"] if one["article"] == "reprint")["placed"]
    assert reason["copy_of"] == BRIDGE[0].id
    assert any("runner_up" in one["placed"] for one in why["members"])
