import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.records import ScoredArticle
from pipeline.stories.lead import choose_lead, order_related
from tests.pipeline.stories.material import make, scored

RANKED = [
    scored(make("best", "t", hours=9), 90),
    scored(make("early", "t", hours=1), 70),
    scored(make("a", "t", hours=2, url="https://a.example/1"), 70),
    scored(make("b", "t", hours=2, url="https://b.example/1"), 70),
    scored(make("poor", "t"), 10),
]


@given(st.permutations(RANKED))
def test_quality_then_age_then_address_is_a_total_order(shuffled: list[ScoredArticle]) -> None:
    lead = choose_lead(shuffled)
    assert [lead, *order_related(shuffled, lead)] == RANKED


def test_a_story_never_lists_itself_or_one_address_twice() -> None:
    lead = scored(make("lead", "t", url="https://a.example/1"), 90)
    same = scored(make("same", "t", url="https://a.example/1"), 80)
    twin = scored(make("twin", "t", url="https://b.example/1"), 70)
    twins_twin = scored(make("other", "t", url="https://b.example/1"), 60)
    assert order_related([twins_twin, twin, same, lead], lead) == (twin,)


def test_a_story_without_articles_has_no_lead() -> None:
    with pytest.raises(ValueError, match="empty"):
        choose_lead([])
