from __future__ import annotations

import pickle
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest

from config.load import ConfigError, Problem, load_settings, origins
from config.settings import Settings

from .folders import installation_in

KEY = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="


def problems_of(home: Path, environ: dict[str, str] | None = None) -> list[Problem]:
    """Return what is wrong with an installation."""
    with pytest.raises(ConfigError) as caught:
        load_settings(home, environ=environ or {})
    assert all(problem.remedy for problem in caught.value.problems)
    return list(caught.value.problems)


def test_without_a_file_everything_has_its_default(tmp_path: Path) -> None:
    assert load_settings(tmp_path, environ={}) == Settings(home=tmp_path)


def test_the_environment_wins_over_the_file_and_the_file_over_the_default(tmp_path: Path) -> None:
    home = installation_in(tmp_path, 'concurrency = 16\nlease = "5m"\n')
    settings = load_settings(home, environ={"NEWSLOOM_CONCURRENCY": "8"})
    assert settings.concurrency == 8
    assert settings.lease == timedelta(minutes=5)
    assert settings.children == Settings().children


def test_every_kind_of_value_can_come_from_a_variable(tmp_path: Path) -> None:
    settings = load_settings(
        tmp_path,
        environ={
            "NEWSLOOM_ALLOW_NETWORKS": "10.0.0.0/8, fd00::/8",
            "NEWSLOOM_PAGE_EXTRACTORS": "post.example=own.post.read, b.example=own.b.read",
            "NEWSLOOM_WINDOW": "2d",
            "NEWSLOOM_OUT": "/srv/out",
            "NEWSLOOM_DATABASE_URL": "postgresql://news@db/news",
        },
    )
    assert settings.allow_networks == (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))
    assert settings.page_extractors == {
        "post.example": "own.post.read",
        "b.example": "own.b.read",
    }
    assert settings.window == timedelta(days=2)
    assert settings.path(settings.out) == Path("/srv/out")
    assert settings.database_url.get_secret_value() == "postgresql://news@db/news"


def test_an_empty_variable_counts_as_unset(tmp_path: Path) -> None:
    assert load_settings(tmp_path, environ={"NEWSLOOM_PROXY": ""}).proxy is None


def test_the_process_environment_is_read_when_no_other_is_given(tmp_path: Path) -> None:
    code = (
        "from pathlib import Path; from config.load import load_settings; from config.settings "
        "import Settings; print(load_settings(Path('.')).children, Settings().children)"
    )
    (tmp_path / ".env").write_text("NEWSLOOM_CHILDREN=9\n")
    installation_in(tmp_path, "children = 5\n")
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={"NEWSLOOM_CHILDREN": "3"},
        capture_output=True,
        check=True,
    )
    # load_settings reads the variable; Settings() itself reads neither variable, file nor .env.
    assert done.stdout.split() == [b"3", str(Settings().children).encode()]


def test_paths_are_below_the_installation_unless_absolute(tmp_path: Path) -> None:
    home = installation_in(tmp_path, 'out = "public"\ncatalogue = "/etc/newsloom"\n')
    settings = load_settings(home, environ={})
    assert settings.path(settings.out) == tmp_path / "public"
    assert settings.catalogue is not None
    assert settings.path(settings.catalogue) == Path("/etc/newsloom")


def test_the_folder_is_the_callers_choice_alone(tmp_path: Path) -> None:
    assert load_settings(tmp_path, environ={"NEWSLOOM_HOME": "/elsewhere"}).home == tmp_path
    (problem,) = problems_of(installation_in(tmp_path, 'home = "/elsewhere"\n'))
    assert problem.key == "home"
    assert problem.line == 1


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    (problem,) = problems_of(tmp_path / "none")
    assert "no folder of an installation" in problem.wrong
    assert "newsloom init" in problem.remedy


# --- what is wrong --------------------------------------------------------------------------------


def test_all_problems_are_told_at_once_with_file_line_key_and_remedy(tmp_path: Path) -> None:
    home = installation_in(tmp_path, "# mine\nconcurency = 8\nchildren = 0\nlease = []\n")
    with pytest.raises(ConfigError) as caught:
        load_settings(home, environ={"NEWSLOOM_HOST_BATCH": "many"})
    message = str(caught.value)
    file = tmp_path / "newsloom.toml"
    assert message.startswith("configuration has 4 problems:\n")
    assert f"{file}, line 2: concurency: unknown key; did you mean `concurrency`?" in message
    assert f"{file}, line 3: children: 0 must be at least 1; expected: Processes" in message
    assert f"{file}, line 4: lease: is no length of time" in message
    assert "environment: NEWSLOOM_HOST_BATCH: 'many' cannot be used" in message


def test_a_problem_survives_being_sent_to_another_process() -> None:
    error = ConfigError([Problem(where="a", wrong="b", remedy="c", line=3)])
    assert str(pickle.loads(pickle.dumps(error))) == str(error) == "configuration: a, line 3: b; c"


@pytest.mark.parametrize(
    ("text", "key", "wrong"),
    [
        ("concurrency = 900", "concurrency", "900 must be at most 64"),
        ('concurrency = "many"', "concurrency", "valid integer"),
        ("concurrency = 1.5", "concurrency", "valid integer"),
        ("lease = 0", "lease", "'0s' must be more than 0 seconds"),
        ("lease = []", "lease", "no length of time"),
        ("lease = -1", "lease", "'-1s' must be more than 0 seconds"),
        ("lease = 1e300", "lease", "no length of time"),
        ("children = true", "children", "true and false"),
        ("lease = true", "lease", "true and false"),
        ('lease = "20s"', "lease", "20s ends before a request of 30s"),
        ('poll_interval = "soon"', "poll_interval", "'soon' is no length of time"),
        ("out = 5", "out", "cannot be used"),
        ('out = "~/news"', "out", "`~` is not expanded"),
        ('out = "a\\u0000b"', "out", "control characters"),
        ('ca_file = "none.pem"', "ca_file", "no such file"),
        ('allow_networks = ["10.0.0.0/99"]', "allow_networks", "cannot be used"),
        ('user_agent = "news\\r\\nX-Evil: 1"', "user_agent", "has not the right form"),
        ('database_url = "mysql://db/news"', "database_url", "neither SQLite nor PostgreSQL"),
        ('proxy = "socks5://127.0.0.1:1"', "proxy", "not an http proxy"),
        ('broker_url = "localhost"', "broker_url", "not an address"),
        ("fixed_time = 2020-01-23T16:00:00", "fixed_time", "timezone"),
        ('[page_extractors]\n"post.example" = "os; rm"', "page_extractors", "no dotted name"),
        ('[page_extractors]\n"not a domain" = "a.b"', "page_extractors", "no domain"),
        ("[concurrency]\nfeeds = 3", "concurrency", "cannot be used"),
        ('master_key = "short"', "master_key", "too short"),
        (f'master_key = "{"0" * 64}"', "master_key", "one character repeated"),
        (f'master_key = "{"A" * 43}="', "master_key", "one character repeated"),
        (f'master_key = "{KEY}"\nmaster_key_file = "k"', "master_key", "master_key_file"),
        ('proxy = "http://a:1"\nproxy_file = "k"', "proxy", "set together with proxy_file"),
        ('proxy_file = "none"', "proxy_file", "cannot be used"),
    ],
)
def test_a_wrong_value_is_refused_with_key_line_and_reason(
    tmp_path: Path, text: str, key: str, wrong: str
) -> None:
    (problem,) = problems_of(installation_in(tmp_path, f"{text}\n"))
    assert problem.key == key
    assert problem.line == 1
    assert problem.where == str(tmp_path / "newsloom.toml")
    assert wrong in problem.wrong


def test_a_stopped_clock_and_a_broker_exclude_each_other(tmp_path: Path) -> None:
    home = installation_in(tmp_path, "fixed_time = 2020-01-23T17:00:00+01:00\n")
    assert load_settings(home, environ={}).fixed_time == datetime(2020, 1, 23, 16, tzinfo=UTC)
    (problem,) = problems_of(home, {"NEWSLOOM_BROKER_URL": "redis://redis/0"})
    assert problem.key == "fixed_time"


def test_a_nearly_right_variable_is_refused_and_a_strangers_is_left_alone(tmp_path: Path) -> None:
    (problem,) = problems_of(tmp_path, {"NEWSLOOM_CONCURENCY": "8"})
    assert problem.remedy == "did you mean `NEWSLOOM_CONCURRENCY`?"
    load_settings(tmp_path, environ={"NEWSLOOM_PORT": "tcp://10.0.0.1:80", "NEWSLOOM_POD": "x"})


def test_a_table_that_a_variable_does_not_hold_is_refused(tmp_path: Path) -> None:
    (problem,) = problems_of(tmp_path, {"NEWSLOOM_PAGE_EXTRACTORS": "own.post.read"})
    assert "key=value" in problem.wrong


def test_a_setting_from_the_environment_is_blamed_on_its_variable(tmp_path: Path) -> None:
    home = installation_in(tmp_path, "concurrency = 8\n")
    (problem,) = problems_of(home, {"NEWSLOOM_CONCURRENCY": "0"})
    assert (problem.where, problem.key, problem.line) == (
        "environment",
        "NEWSLOOM_CONCURRENCY",
        None,
    )


# --- secrets --------------------------------------------------------------------------------------


def test_a_secret_can_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "db").write_text("postgresql://news:pw@db/news\n")
    home = installation_in(tmp_path, 'database_url_file = "db"\n')
    settings = load_settings(home, environ={})
    assert settings.database_url.get_secret_value() == "postgresql://news:pw@db/news"


def test_a_secrets_file_in_the_environment_replaces_the_value_in_the_file(tmp_path: Path) -> None:
    (tmp_path / "broker").write_text("rediss://:pw@redis/1")
    home = installation_in(tmp_path, 'broker_url = "redis://old/0"\n')
    settings = load_settings(home, environ={"NEWSLOOM_BROKER_URL_FILE": str(tmp_path / "broker")})
    assert settings.broker_url.get_secret_value() == "rediss://:pw@redis/1"


@pytest.mark.parametrize("data", [b"", b" \n", b"\xff\xfe", b"x" * 70_000])
def test_an_unusable_secrets_file_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "proxy").write_bytes(data)
    (problem,) = problems_of(tmp_path, {"NEWSLOOM_PROXY_FILE": "proxy"})
    assert problem.key == "NEWSLOOM_PROXY_FILE"


def test_a_key_file_that_is_still_to_be_made_is_no_problem(tmp_path: Path) -> None:
    home = installation_in(tmp_path, 'master_key_file = "master.key"\n')
    assert load_settings(home, environ={}).master_key_file == Path("master.key")
    (tmp_path / "master.key").write_text(f"{'0' * 64}\n")
    (problem,) = problems_of(home)
    assert "one character repeated" in problem.wrong
    (tmp_path / "master.key").write_bytes(b"\xff")
    (problem,) = problems_of(home)
    assert (problem.key, problem.line) == ("master_key_file", 1)
    assert "not UTF-8" in problem.wrong
    (tmp_path / "master.key").write_text(f"{KEY}\n")
    load_settings(home, environ={})


@pytest.mark.parametrize(
    "text",
    [
        'master_key = ["{canary}"]',
        'database_url = {{ password = "{canary}" }}',
        'database_url = "mysql://u:{canary}@db"',
        'proxy = "socks5://u:{canary}@p"',
        'databse_url = "postgresql://u:{canary}@db"',
        'master_key = "{canary}"',
        'user_agent = "http://u:{canary}@\\n"',
    ],
)
def test_no_secret_stands_in_a_message(tmp_path: Path, text: str) -> None:
    canary = "kq7canary"
    with pytest.raises(ConfigError) as caught:
        load_settings(installation_in(tmp_path, text.format(canary=canary)), environ={})
    assert canary not in str(caught.value)
    assert caught.value.__cause__ is None


# --- origins --------------------------------------------------------------------------------------


def test_each_value_is_shown_with_its_origin_and_secrets_masked(tmp_path: Path) -> None:
    (tmp_path / "db").write_text("postgresql://news:pw@db/news")
    home = installation_in(tmp_path, f'lease = "5m"\nmaster_key = "{KEY}"\n')
    found = origins(
        home,
        environ={
            "NEWSLOOM_DATABASE_URL_FILE": "db",
            "NEWSLOOM_CHILDREN": "4",
            "NEWSLOOM_ALLOW_NETWORKS": "10.0.0.0/8,10.1.0.0/16",
        },
    )
    shown = {name: (value, origin) for name, value, origin in found}
    assert shown["lease"] == ("5m", "newsloom.toml")
    assert shown["children"] == ("4", "environment")
    assert shown["concurrency"] == ("32", "default")
    assert shown["allow_networks"] == ("10.0.0.0/8, 10.1.0.0/16", "environment")
    assert shown["master_key"] == ("********", "newsloom.toml")
    assert shown["database_url"] == ("********", "environment")
    assert shown["proxy"] == ("", "default")
    assert shown.keys() == Settings.model_fields.keys() - {"home"}
    assert KEY not in str(found)
    assert "pw@" not in str(found)
