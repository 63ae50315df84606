"""`newsloom backfill` as an operator has it: a plan, a run, and what can be wrong with either."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.archivehost import ArchiveWeb, ArchiveWorld
from tests.pipeline.cli.conftest import Answer, Run
from tests.proxy import Proxy, playing
from tests.world import differences, tree

END = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
ARTICLES = 60
WORLD = ArchiveWorld(articles=ARTICLES, outlets=2, months=1, end=END)
SINCE = f"{WORLD.start:%F}"


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    with playing(ArchiveWeb(WORLD, lambda: END), tmp_path_factory.mktemp("proxy")) as running:
        yield running


class Installation:
    """A folder that knows the outlets of the world and sees its web alone."""

    def __init__(self, home: Path, run: Run) -> None:
        self.home, self._run = home, run
        home.mkdir()
        assert self("init", ".").returncode == 0
        WORLD.write_catalogue(home / "catalogue")
        assert self("sources", "sync").returncode == 0

    def __call__(self, *args: str) -> Answer:
        return self._run(self.home, *args)

    def json(self, *args: str, code: int = 0) -> Any:
        answer = self("backfill", *args, "--json")
        assert answer.returncode == code, answer.stdout + answer.stderr
        return json.loads(answer.stdout)

    def plan(self, *args: str) -> str:
        return str(self.json("plan", "--since", SINCE, *args)["backfill"])

    def differences(self) -> list[int]:
        return differences(self.home)


@pytest.fixture
def desk(tmp_path: Path, run: Run, proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> Installation:
    for name, value in proxy.settings().items():
        monkeypatch.setenv(name, value)
    return Installation(tmp_path / "home", run)


def test_a_plan_is_run_and_found_complete(desk: Installation) -> None:
    planned = desk.json("plan", "--since", SINCE)
    assert {part["method"] for part in planned["sources"]} == {"archive-links"}
    number = str(planned["backfill"])

    dry = desk.json("run", number, "--dry-run")
    assert len(dry["first"]) == 2
    assert desk.json("status", number)["state"] == "planned"

    done = desk.json("run", number)
    assert (done["state"], done["articles"], done["failed"]) == ("done", ARTICLES, 0)
    assert desk.json("status", number)["articles_left"] == 0
    verified = desk.json("verify", number)
    assert sum(day["stored"] for day in verified["days"]) == ARTICLES
    assert [row["state"] for row in desk.json("list")] == ["done"]
    assert desk.differences() == [0]
    assert list((desk.home / "out" / "all" / "_news").glob("*.md"))
    assert "done; make a new plan" in desk("backfill", "run", number).stderr


def test_a_run_tells_in_lines_where_there_is_no_terminal(desk: Installation) -> None:
    answer = desk("backfill", "run", desk.plan("--source", "outlet00"))
    told = answer.stderr.splitlines()
    assert told[0].startswith("find: ")
    assert "\x1b" not in answer.stderr
    assert "is done" in answer.stdout


def test_a_note_about_many_sources_is_told_once(desk: Installation) -> None:
    told = desk("backfill", "plan", "--since", SINCE).stdout
    assert told.count("archived feed") == 1
    assert "outlet00, outlet01: archived feed" in told


TOMORROW = f"{END + timedelta(days=2):%F}"


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (
            ("--since", SINCE, "--until", "2020-01-01"),
            "is not before --until 2020-01-01; swap them",
        ),
        (("--since", TOMORROW), "lies in the future"),
        (("--since", "0001-01-01"), "lies before the web"),
        (("--since", "yesterday"), "'yesterday' is no date; write 2025-03-01"),
        (("--since", SINCE, "--until", "2025-02-30"), "'2025-02-30' is no date"),
        (("--since", SINCE, "--source", "outlet99"), "--source outlet99: unknown"),
        (("--since", SINCE, "--provider", "nobody.example"), "--provider nobody.example: unknown"),
        (("--since", SINCE, "--topic", "Sports"), "--topic Sports: unknown; known: All"),
        (("--since", SINCE, "--method", "magic"), "--method magic: unknown; known: archive-links"),
        (("--since", SINCE, "--from", "nowhere.warc.gz"), "no such file or folder"),
        (("--since", SINCE, "--from", "."), "no file that ends in .warc or .warc.gz"),
        (("--since", SINCE, "--from", "newsloom.toml"), "no WARC record"),
    ],
)
def test_what_cannot_be_planned_is_told_with_the_remedy(
    desk: Installation, args: tuple[str, ...], told: str
) -> None:
    answer = desk("backfill", "plan", *args)
    assert answer.returncode == 2
    assert told in answer.stderr
    assert desk.json("list") == []


def test_the_last_day_of_the_calendar_is_a_last_day(desk: Installation) -> None:
    assert desk.json("plan", "--since", SINCE, "--until", "9999-12-31")["until"] < TOMORROW


@pytest.mark.parametrize("command", ["run", "status", "verify", "pause", "resume", "cancel"])
def test_a_backfill_that_there_is_not_is_told(desk: Installation, command: str) -> None:
    answer = desk("backfill", command, "7")
    assert answer.returncode == 2
    assert "backfill 7: there is none; see `newsloom backfill list`" in answer.stderr


def test_a_spent_budget_pauses_and_a_larger_one_goes_on(desk: Installation) -> None:
    number = desk.plan("--budget", "5")
    paused = desk.json("run", number, code=1)
    assert (paused["state"], paused["note"]) == ("paused", "its budget of 5 requests is used up")
    assert desk.json("status", number)["requests"] == 5
    assert desk.differences() == [0]
    assert desk("backfill", "verify", number).returncode == 1

    done = desk.json("resume", number, "--budget", "1000")
    assert (done["state"], done["articles"]) == ("done", ARTICLES)
    assert desk.differences() == [0]


def test_what_a_cancelled_backfill_has_read_is_kept_and_placed(desk: Installation) -> None:
    number = desk.plan("--budget", "30")
    desk.json("run", number, code=1)
    would = desk("backfill", "cancel", number, "--dry-run")
    assert desk.json("status", number)["state"] == "paused"
    assert "would" in would.stdout

    kept = desk.json("cancel", number)

    assert kept["state"] == "cancelled"
    assert 0 < kept["articles"] < ARTICLES
    status = desk.json("status", number)
    assert (status["articles_left"], status["pages_left"], status["lookups_left"]) == (0, 0, 0)
    assert desk.differences() == [0]
    assert "backfill-cancelled" in desk("backfill", "verify", number).stdout
    assert desk("backfill", "run", number).returncode == 2

    again = desk.json("run", desk.plan())
    assert again["articles"] == ARTICLES - kept["articles"]
    assert desk.differences() == [0, 0]


def test_sources_that_changed_since_the_plan_want_a_word(desk: Installation) -> None:
    number = desk.plan()
    file = desk.home / "catalogue" / "sources.toml"
    file.write_text(file.read_text().replace("outlet01.example/feed", "outlet01.example/news"))
    assert desk("sources", "sync").returncode == 0

    refused = desk("backfill", "run", number)
    assert refused.returncode == 2
    assert "changed since it was planned: outlet01; plan anew, or say --changed-sources" in (
        refused.stderr
    )
    assert desk.json("status", number)["state"] == "planned"

    # The feed is not there; the others' articles come all the same.
    ended = desk.json("run", number, "--changed-sources")
    assert 0 < ended["articles"] < ARTICLES
    assert desk("backfill", "verify", number).returncode == 1


@pytest.mark.parametrize("command", ["run", "resume"])
def test_two_backfills_do_not_read_one_source_at_once(desk: Installation, command: str) -> None:
    first, second = desk.plan("--source", "outlet00"), desk.plan("--budget", "5")
    if command == "resume":
        desk.json("run", second, code=1)
    assert desk("backfill", "run", first, "--detach").returncode == 0

    refused = desk("backfill", command, second)

    assert refused.returncode == 2
    assert f"is about sources that backfill {first} is reading now" in refused.stderr


def test_a_web_archive_that_is_gone_is_told_before_anything_begins(desk: Installation) -> None:
    file = desk.home / "news.warc.gz"
    WORLD.write_warc(file)
    number = desk.plan("--from", str(file))
    file.unlink()

    answer = desk("backfill", "run", number)

    assert answer.returncode == 2
    assert "news.warc.gz: is not there any more; plan anew with `--from`" in answer.stderr
    assert desk.json("status", number)["state"] == "planned"


def test_a_web_archive_cut_short_gives_what_it_holds_and_says_so(desk: Installation) -> None:
    file = desk.home / "news.warc.gz"
    WORLD.write_warc(file)
    data = file.read_bytes()
    file.write_bytes(data[: len(data) * 2 // 3])

    planned = desk.json("plan", "--since", SINCE, "--from", str(file))
    assert all("cut short" in part["note"] for part in planned["sources"])
    done = desk.json("run", str(planned["backfill"]))

    assert done["articles"] == sum(part["entries"] for part in planned["sources"])
    told = desk("backfill", "verify", str(planned["backfill"]))
    assert "cut short" in told.stdout
    assert desk.differences() == [0]


def test_pages_of_an_archive_that_are_no_web_archive_fail_with_the_reason(
    desk: Installation,
) -> None:
    folder = desk.home / "archives"
    folder.mkdir()
    WORLD.write_warc(folder / "a.warc.gz")
    (folder / "b.warc.gz").write_bytes(b"not a web archive" * 5_000)
    (folder / "c.warc.gz").write_bytes(b"")

    number = desk.plan("--from", str(folder))
    assert desk.json("run", number)["articles"] == ARTICLES
    notes = desk("backfill", "verify", number).stdout
    assert "b.warc.gz at byte 0: no WARC record" in notes
    assert "c.warc.gz at byte 0: empty file" in notes


def test_the_files_are_those_of_the_other_ways(
    desk: Installation, tmp_path: Path, run: Run
) -> None:
    desk.json("run", desk.plan("--method", "archive-links"))
    warc = tmp_path / "news.warc.gz"
    WORLD.write_warc(warc)
    other = Installation(tmp_path / "other", run)
    other.json("run", other.plan("--from", str(warc)))
    assert tree(other.home / "out" / "all" / "_news") == tree(desk.home / "out" / "all" / "_news")
