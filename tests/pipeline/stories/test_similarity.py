import math
from dataclasses import replace

import pytest

from pipeline.records import Article, ArticleId
from pipeline.stories.similarity import (
    TERMS,
    measures,
    pair_parts,
    pair_score,
    shared_words,
    shipped_model,
    story_score,
)
from pipeline.stories.tokens import stem
from pipeline.stories.vectors import Frequencies, Weighed, cosine, features, frequencies
from pipeline.stories.vetoes import VETOES, veto_of
from tests.pipeline.stories.material import BRIDGE, OTHERS, make

MODEL = shipped_model()
TEXT = "The {} Company opened its works in {} on Monday, its spokesman said in a short notice."


def read(*articles: Article, seen: Frequencies | None = None) -> list[Weighed]:
    """Weigh articles by what all of them hold."""
    seen = seen or frequencies("en")
    found = [features(article, seen) for article in articles]
    for one in found:
        seen.learn(one)
    return [Weighed(one, seen) for one in found]


def veto(title: str, other: str, text: str = "", other_text: str = "") -> str | None:
    first, second = read(make("one", title, text), make("other", other, other_text))
    return veto_of(first, second)


def test_the_pair_score_is_what_its_parts_add_up_to() -> None:
    one, other = read(*BRIDGE[:2])
    log_odds = math.fsum(part.value for part in pair_parts(one, other, MODEL))
    assert pair_score(one, other, MODEL) == pytest.approx(1 / (1 + math.exp(-log_odds)))
    assert [part.name for part in pair_parts(one, other, MODEL)] == ["bias", *TERMS]


def test_the_pair_score_is_symmetric() -> None:
    one, other = read(*BRIDGE[:2])
    assert pair_score(one, other, MODEL) == pair_score(other, one, MODEL)


def test_coverage_of_one_event_scores_high_and_of_two_events_low() -> None:
    one, other, cinema = read(*BRIDGE[:2], OTHERS[0])
    assert pair_score(one, other, MODEL) > 0.5
    assert pair_score(one, cinema, MODEL) < 0.01


def test_every_measure_lies_between_nothing_and_all() -> None:
    one, same, blank = read(
        BRIDGE[0], replace(BRIDGE[0], id=ArticleId("same")), make("blank", "", url="https://a.b/")
    )
    values = dict(zip(TERMS, measures(one, same), strict=True))
    assert values.pop("shared") > 3
    assert values == pytest.approx(dict.fromkeys(values, 1.0))
    assert measures(one, blank)[:-1] == (0,) * (len(TERMS) - 1)


def test_words_of_the_address_count_as_headline() -> None:
    bare, told, other = read(
        make("bare", "What the cracked pylon means", "A crack shuts the harbour bridge."),
        make(
            "told",
            "All is not lost",
            "Ferries are laid on.",
            url="https://told.example/2026/harbour-bridge-shut-after-pylon-crack.html",
        ),
        make("other", "All is not lost", "Ferries are laid on."),
    )
    place = TERMS.index("headline")
    assert measures(bare, told)[place] > measures(bare, other)[place]


def test_every_weight_of_the_shipped_model_speaks_for_likeness() -> None:
    assert set(MODEL.weights) == set(TERMS)
    assert all(weight > 0 for weight in MODEL.weights.values())
    assert MODEL.bias < 0 < MODEL.threshold < 1


def test_shared_words_are_the_heaviest_of_both() -> None:
    seen = frequencies("en")
    one, other = read(*BRIDGE[:2], seen=seen)
    words = shared_words(one, other, seen.words)
    assert len(words) == 5
    assert {"pylon", "crack"} <= set(words)


def test_the_story_score_is_half_the_best_pair_and_half_the_mean_of_the_newest() -> None:
    a, b, c = (ArticleId(name) for name in "abc")
    score = story_score({a: 0.9, b: 0.4, c: 0.2}, [b, c], MODEL)
    assert (score.nearest, score.best) == (a, 0.9)
    assert score.mean == pytest.approx(0.3)
    assert score.value == pytest.approx(0.6)


def test_of_equal_pairs_the_oldest_member_is_the_nearest() -> None:
    a, b = ArticleId("a"), ArticleId("b")
    assert story_score({b: 0.5, a: 0.5}, [a, b], MODEL).nearest == b


def test_frequent_words_of_the_window_lose_weight_until_they_are_forgotten() -> None:
    seen = frequencies("en")
    found = [features(replace(BRIDGE[0], id=ArticleId(str(n))), seen) for n in range(100)]
    word = seen.id_of("norval")
    before = seen.idf(word)
    for one in found:
        seen.learn(one)
    assert seen.idf(word) < before / 2
    for one in found:
        seen.forget(one)
    assert seen.idf(word) == before


def test_a_common_word_of_a_known_language_is_lighter_than_a_name_never_seen() -> None:
    english, unknown = frequencies("en-GB"), frequencies("fi")

    def idf(seen: Frequencies, word: str) -> float:
        return seen.idf(seen.id_of(stem(word)))

    assert idf(english, "people") < idf(english, "norvale")
    assert idf(unknown, "people") == idf(unknown, "norvale")
    assert unknown.shortest_word > english.shortest_word


def test_a_word_that_is_capitalised_nearly_everywhere_is_a_name_in_title_case_too() -> None:
    title = make("title", "Norvale Bridge Shut After Inspectors Find Large Crack")
    alone = read(title)[0]
    among = read(title, *BRIDGE)[0]
    assert not alone.names
    assert len(among.names) == 1


def test_cosine_of_nothing_is_nothing() -> None:
    assert cosine({}, {1: 1.0}, 0.0) == cosine({}, {}, 0.0) == 0


@pytest.mark.parametrize(
    ("name", "title", "other"),
    [
        ("roundup", "Evening briefing: ferries, films and rates", "Ferries stop in Norvale"),
        ("roundup", "Live: ferries stop in Norvale", "Ferries stop in Norvale today"),
        (
            "market-report",
            "Garden Chair Market Size and Growth to 2031",
            "Garden Table Market Size and Growth to 2031",
        ),
        (
            "other-instalment",
            "Walking the coast of Norvale, part 2",
            "Walking the coast of Norvale, part 3",
        ),
        (
            "other-instalment",
            "Norvale reservoir level on March 2",
            "Norvale reservoir level on March 3",
        ),
    ],
)
def test_look_alikes_by_their_headlines_are_vetoed(name: str, title: str, other: str) -> None:
    assert veto(title, other) == name
    assert veto(other, title) == name


def test_one_pattern_about_subjects_that_the_other_does_not_know_is_vetoed() -> None:
    one, other = TEXT.format("Quillon", "Eastmere"), TEXT.format("Zembra", "Westmere")
    titles = ("Quillon opens large works on the coast", "Zembra opens large works in the hills")
    assert veto(*titles, one, other) == "other-subject"
    assert veto(*titles, one, other + " It was Quillon that sold the land.") is None


@pytest.mark.parametrize(
    ("title", "other"),
    [
        # Amounts and tolls differ between honest accounts of one event.
        ("Quillon raises $462 million", "Quillon raises $500 million"),
        ("Ferry accident: 3 hurt in Norvale", "Ferry accident: 5 hurt in Norvale"),
        ("UPDATE: Ferries stop in Norvale", "Ferries stop in Norvale"),
        ("Market square of Norvale closed", "Norvale closes its market square"),
        ("Ferries stop until May 8", "Norvale ferries out of service to May 9"),
    ],
)
def test_accounts_of_one_event_are_not_vetoed(title: str, other: str) -> None:
    assert veto(title, other) is None


def test_the_same_market_report_on_two_sites_is_not_vetoed() -> None:
    title = "Garden Chair Market Size and Growth to 2031"
    assert veto(title, title) is None


def test_a_vetoed_pair_scores_nothing() -> None:
    live = make("live", f"Live: {BRIDGE[0].title}", BRIDGE[1].excerpt)
    one, other = read(BRIDGE[0], live)
    assert pair_score(one, other, MODEL) == 0


def test_every_veto_has_the_name_of_its_function() -> None:
    assert {name.replace("-", "_") for name in VETOES} == {
        forbids.__name__ for forbids in VETOES.values()
    }
