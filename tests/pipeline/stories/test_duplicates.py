from dataclasses import replace
from datetime import timedelta

from pipeline.records import ArticleId
from pipeline.stories.cluster import LiveArticle
from pipeline.stories.duplicates import ALIAS_WITHIN, headline_key, is_copy, overlap, shingles
from pipeline.stories.tokens import plain_words
from tests.pipeline.stories.material import BRIDGE, OTHERS, make, place

WIRE = BRIDGE[0].excerpt


def sequence(text: str) -> frozenset[int]:
    return shingles(plain_words(text))


def test_one_providers_equal_headlines_within_a_week_are_aliases() -> None:
    first = make("first", "Ferry strike ends", provider="post.example")
    again = make("again", "Ferry Strike Ends!", provider="post.example", hours=160)
    founding, alias = place([again, first])
    assert alias.alias_of == founding.article_id == "first"
    assert alias.story_id == founding.story_id
    assert not alias.founded


def test_an_alias_attracts_nothing_because_it_is_no_member() -> None:
    first = make("first", "Ferry strike ends", provider="post.example")
    alias = make("alias", "Ferry strike ends", WIRE, provider="post.example", hours=1)
    placed = place([first, alias, *BRIDGE])
    assert len({one.story_id for one in placed}) == 2


def test_the_alias_of_a_live_article_is_recognised() -> None:
    live = [LiveArticle(article=BRIDGE[0], story_id=place(BRIDGE[:1])[0].story_id)]
    moved = replace(BRIDGE[0], id=ArticleId("moved"), url="https://bridge1.example/moved")
    assert place([moved], live)[0].alias_of == BRIDGE[0].id


def test_after_a_week_or_elsewhere_equal_headlines_are_no_alias() -> None:
    first = make("first", "Ferry strike ends", provider="post.example")
    hours = ALIAS_WITHIN / timedelta(hours=1) + 1
    later = make("later", "Ferry strike ends", provider="post.example", hours=hours)
    elsewhere = make("elsewhere", "Ferry strike ends", provider="sun.example")
    assert [one.alias_of for one in place([first, later, elsewhere])] == [None, None, None]


def test_the_outlets_name_behind_a_headline_does_not_hide_an_alias() -> None:
    plain = make("plain", "Ferry strike ends", provider="post.example")
    signed = make("signed", "Ferry strike ends | Post", provider="post.example")
    assert headline_key(plain) == headline_key(signed)


def test_an_article_without_a_title_is_nobodys_alias() -> None:
    blank = [make(f"blank{n}", "", provider="post.example") for n in range(2)]
    assert [one.alias_of for one in place(blank)] == [None, None]


def test_a_syndicated_text_is_a_member_marked_as_copy() -> None:
    reprint = make("reprint", "Norvale bridge shut", f"NORVALE (Wire) - {WIRE}", hours=1)
    by_id = {one.article_id: one for one in place([*BRIDGE, reprint])}
    assert by_id[reprint.id].membership.copy_of == BRIDGE[0].id
    assert by_id[reprint.id].alias_of is None
    assert by_id[BRIDGE[1].id].membership.copy_of is None


def test_copies_of_copies_point_to_the_oldest_print() -> None:
    prints = [make(f"print{n}", "Norvale bridge shut", WIRE, hours=n) for n in range(4)]
    originals = [one.membership.copy_of for one in place(prints)]
    assert originals == [None, "print0", "print0", "print0"]


def test_a_copy_survives_a_dateline_a_cut_and_a_changed_word() -> None:
    words = WIRE.split()
    assert is_copy(sequence(WIRE), sequence("NORVALE, Monday - " + WIRE))
    assert is_copy(sequence(WIRE), sequence(" ".join(words[:24])))
    assert is_copy(sequence(WIRE), sequence(WIRE.replace("northern", "southern")))


def test_own_accounts_and_short_texts_are_no_copies() -> None:
    assert not is_copy(sequence(WIRE), sequence(BRIDGE[1].excerpt))
    assert not is_copy(sequence("the bridge is closed"), sequence("the bridge is closed"))
    assert overlap(sequence(""), sequence(WIRE)) == 0


def test_copies_of_other_stories_do_not_count() -> None:
    assert all(one.membership.copy_of is None for one in place([*BRIDGE, *OTHERS]))
