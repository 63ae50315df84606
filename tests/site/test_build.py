"""Jekyll builds the theme from newsloom's files without a warning; all that they tell is there."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from pipeline.seedfile.document import SeedDocument, tombstone_of
from pipeline.seedfile.listing import page_path, time_text
from pipeline.seedfile.naming import slug
from pipeline.seedfile.style import Dialect
from tests.conftest import ROOT
from tests.pipeline.seedfile.world import DOCUMENT, MOMENT, RELATED
from tests.site.world import THEME, Site, build, lay_out, path_of, texts_of

pytestmark = pytest.mark.site

#: What a page may take from elsewhere: the pictures that documents name.
_FETCHED = (
    "//script|//iframe|//embed|//object|//video|//style|//@style"
    "|//link[@rel='stylesheet'][not(starts-with(@href, '/'))]|//base|//form"
)


def test_the_demo_builds_without_a_word_of_complaint(site: Site) -> None:
    assert (site.exit_code, site.complaints) == (0, [])


def test_every_published_story_has_its_page(site: Site, published: dict[str, SeedDocument]) -> None:
    assert len(published) >= 7
    for path, document in published.items():
        page = site.page(page_path(path))

        assert texts_of(page, "//h1") == [document.title]
        assert texts_of(page, "//blockquote") == [document.excerpt]
        assert page.xpath("//a[@class='button']/@href") == [document.url]
        assert page.xpath("//header//time/@datetime") == [time_text(document.published_at)]
        assert texts_of(page, "//header//*[@class='name']") == [document.provider.name]
        assert texts_of(page, "//*[@class='labels']/li") == list(document.topics)
        pictures = page.xpath("//article[@class='story']/*[starts-with(@class, 'picture')]/img")
        assert [picture.get("src") for picture in pictures] == [i.url for i in document.images]
        assert [picture.get("alt") for picture in pictures] == [i.title for i in document.images]
        assert document.score is not None
        assert texts_of(page, "//dd") == [
            str(number)
            for number in (document.score.quality, document.heat, len(document.related) + 1)
        ]


def test_every_related_article_is_on_the_page_in_its_order(
    site: Site, published: dict[str, SeedDocument]
) -> None:
    for path, document in published.items():
        section = site.page(page_path(path)).xpath("//section[@class='related']")[0]
        related = document.related

        assert section.xpath(".//h3/a/@href") == [one.url for one in related]
        assert texts_of(section, ".//h3") == [one.title for one in related]
        assert texts_of(section, ".//*[@class='excerpt']") == [one.excerpt for one in related]
        assert texts_of(section, ".//*[@class='name']") == [one.provider.name for one in related]
        assert section.xpath(".//time/@datetime") == [time_text(i.published_at) for i in related]
        qualities = [f"Quality {one.quality}" for one in related]
        assert [t for t in texts_of(section, ".//p/span") if t.startswith("Quality")] == qualities
        pictures = [one.images[0].url for one in related if one.images]
        assert section.xpath(".//*[starts-with(@class, 'picture')]/img/@src") == pictures


def test_each_provider_has_its_logo_or_its_first_letter(site: Site) -> None:
    logos = {file.name for file in (site.source / "assets/images/organizations").iterdir()}
    seen = set()
    for _, page in site.pages():
        for provider in page.xpath("//*[@class='provider']"):
            name, images = texts_of(provider, ".//*[@class='name']")[0], provider.xpath(".//img")
            letters = texts_of(provider, ".//span[@class='logo']")
            assert [letter in name.upper() for letter in letters] == [True] * (1 - len(images))
            assert all(Path(image.get("src")).name in logos for image in images)
            seen.add((name, bool(images)))

    assert {("BBC", True), ("The Harbour Times", True), ("The Daily Dot", False)} <= seen


def test_what_is_not_published_is_nowhere(site: Site, documents: dict[str, SeedDocument]) -> None:
    hidden = {path: one for path, one in documents.items() if not one.published}

    assert hidden
    for path, document in hidden.items():
        assert not site.file(page_path(path)).exists()
        for url, page in site.pages():
            assert document.title not in page.text_content(), url
            assert document.url not in page.xpath("//@href"), url


def test_front_page_goes_by_heat_and_the_latest_by_time(
    site: Site, published: dict[str, SeedDocument]
) -> None:
    by_heat = sorted(published, key=lambda path: published[path].heat, reverse=True)
    by_time = sorted(published, key=lambda path: published[path].published_at, reverse=True)

    front, latest = site.page("/"), site.page("/latest/")

    assert front.xpath("//h2/a/@href") == [page_path(path) for path in by_heat]
    assert latest.xpath("//h3/a/@href") == [page_path(path) for path in by_time]
    assert texts_of(latest, "//h2") == [
        "Thursday, 23 January 2020",
        "Wednesday, 22 January 2020",
        "Tuesday, 21 January 2020",
    ]


def test_every_topic_of_the_pipeline_has_a_page_with_its_stories(site: Site) -> None:
    lists = sorted((site.source / "api/news/topics").glob("*/index.json"))
    counts = {}
    for file in lists:
        told = json.loads(file.read_text())
        page = site.page(f"/topics/{file.parent.name}/")
        assert texts_of(page, "//h1") == [f"Topic {told['topic']}"]
        assert page.xpath("//h2/a/@href") == [story["url"] for story in told["stories"]]
        counts[f"{told['topic']} {told['total']} stories"] = f"/topics/{file.parent.name}/"

    assert len(lists) >= 8
    overview = site.page("/topics/")
    shown = zip(texts_of(overview, "//h2"), overview.xpath("//h2/a/@href"), strict=True)
    assert dict(shown) == counts


def test_every_topic_of_the_reference_catalogue_has_its_file_in_the_theme() -> None:
    catalogue = tomllib.loads((ROOT / "seeds" / "catalogue" / "topics.toml").read_text())
    names = {slug(topic["name"]): topic["name"] for topic in catalogue["topic"]}
    files = sorted((THEME / "_topics").glob("*.md"))
    titles = {file.stem: yaml.safe_load(file.read_text().split("---")[1]) for file in files}

    assert titles == {stem: {"title": name} for stem, name in names.items()}


def test_no_link_of_the_site_is_dead(site: Site) -> None:
    pages = dict(site.pages())
    own = {
        (url, target)
        for url, page in pages.items()
        for target in page.xpath("//a/@href | //img/@src | //link/@href")
        if target.startswith("/")
    }

    assert len(own) > 100
    assert [pair for pair in sorted(own) if not site.file(pair[1]).is_file()] == []


def test_pages_are_made_for_everybody(site: Site) -> None:
    for url, page in site.pages():
        assert page.get("lang") == "en", url
        assert page.xpath("//title/text()")[0].strip(), url
        assert page.xpath("//meta[@name='viewport']"), url
        assert len(page.xpath("//main")) == len(page.xpath("//h1")) == 1, url
        levels = [int(heading.tag[1]) for heading in page.xpath("//h1|//h2|//h3|//h4")]
        assert all(lower - upper <= 1 for upper, lower in pairwise(levels)), url
        assert all(image.get("alt") is not None for image in page.xpath("//img")), url
        assert all(link.text_content().strip() for link in page.xpath("//a")), url
        ids = page.xpath("//@id")
        assert len(ids) == len(set(ids)), url
        for moment in page.xpath("//time"):
            assert datetime.fromisoformat(moment.get("datetime")).tzinfo is not None


def test_nothing_runs_and_nothing_but_pictures_comes_from_elsewhere(site: Site) -> None:
    for url, page in site.pages():
        assert page.xpath(_FETCHED) == [], url
        assert page.xpath("//@*[starts-with(name(), 'on')]") == [], url
    style = (site.folder / "assets/style.css").read_text()
    assert "url(" not in style
    assert "@import" not in style


def test_merged_and_withdrawn_stories_are_gone(tmp_path: Path) -> None:
    gone = tombstone_of(replace(DOCUMENT, title="Taken over", url="https://one.example/gone"))
    lay_out(tmp_path, [DOCUMENT, gone])

    built = build(tmp_path)

    assert (built.exit_code, built.complaints) == (0, [])
    assert built.file(page_path(path_of(0))).is_file()
    assert not built.file(page_path(path_of(1))).exists()
    assert all("Taken over" not in page.text_content() for _, page in built.pages())


@pytest.mark.parametrize("dialect", ["seed", "web"])
def test_both_dialects_build_below_a_path_of_their_host(tmp_path: Path, dialect: Dialect) -> None:
    lay_out(tmp_path, [DOCUMENT], dialect)
    own = tmp_path / "own.yml"
    own.write_text("url: https://site.example\nbaseurl: /ai\n")

    built = build(tmp_path, "--config", f"{tmp_path / '_config.yml'},{own}")

    assert (built.exit_code, built.complaints) == (0, [])
    page = built.page(page_path(path_of(0)))
    assert page.xpath("//a[@class='button']/@href") == [DOCUMENT.url]
    assert page.xpath("//section//h3/a/@href") == [RELATED.url]
    assert page.xpath("//link[@rel='canonical']/@href") == [
        f"https://site.example/ai{page_path(path_of(0))}"
    ]
    assert page.xpath("//header//img/@src") == ["/ai/assets/one.jpg"]
    for _, other in built.pages():
        targets = other.xpath("//a/@href | //link/@href | //img/@src")
        assert all(target.startswith(("/ai/", "https://", "#")) for target in targets)


def test_documents_without_scores_are_shown_last(tmp_path: Path) -> None:
    unscored = replace(DOCUMENT, title="No score yet", score=None, published_at=MOMENT)
    lay_out(tmp_path, [unscored, DOCUMENT])

    built = build(tmp_path)

    assert (built.exit_code, built.complaints) == (0, [])
    assert texts_of(built.page("/"), "//h2") == [DOCUMENT.title, "No score yet"]


def test_an_empty_site_builds_too(tmp_path: Path) -> None:
    lay_out(tmp_path, [])

    built = build(tmp_path)

    assert (built.exit_code, built.complaints) == (0, [])
    assert texts_of(built.page("/"), "//main/p[1]") == ["No stories yet."]
