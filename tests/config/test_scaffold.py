from __future__ import annotations

import re
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from config.load import (
    ConfigError,
    catalogue_warnings,
    load_catalogue,
    load_settings,
    origins,
    write_starter,
)
from config.settings import Settings

STARTER = (files("config") / "starter" / "newsloom.toml").read_text(encoding="utf-8")
#: A setting behind a comment sign, and the head of the one table.
_COMMENTED = re.compile(r'^# ((?:[a-z_]+ = |\[|"example).*)$', re.MULTILINE)

_SETTING = re.compile(r"(# )?(\[[a-z_]+\]|[a-z_]+ = )")


def uncommented() -> dict[str, Any]:
    """Return the starter's settings as if every comment sign before one were taken away."""
    return tomllib.loads(_COMMENTED.sub(r"\1", STARTER))


def test_a_new_installation_can_be_used_as_it_is(tmp_path: Path) -> None:
    home = tmp_path / "news" / "loom"
    written = write_starter(home)
    names = ["sources.toml", "organisations.toml", "topics.toml", "sites.toml"]
    assert written == [home / "newsloom.toml", *(home / "catalogue" / name for name in names)]
    settings = load_settings(home, environ={})
    assert settings.catalogue is not None
    catalogue = load_catalogue(settings.path(settings.catalogue))
    assert len(catalogue.sources) == 3
    assert len(catalogue.sites) == 1
    assert catalogue.topics == load_catalogue(None).topics
    assert catalogue_warnings(catalogue) == []


def test_existing_files_stay_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "newsloom.toml").write_text("# mine\n")
    assert tmp_path / "newsloom.toml" not in write_starter(tmp_path)
    assert (tmp_path / "newsloom.toml").read_text() == "# mine\n"
    assert write_starter(tmp_path) == []


def test_a_link_that_leads_nowhere_is_not_followed(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "newsloom.toml").symlink_to(tmp_path / "elsewhere.toml")
    assert home / "newsloom.toml" not in write_starter(home)
    assert not (tmp_path / "elsewhere.toml").exists()


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="choose another folder"):
        write_starter(tmp_path / "file")
    with pytest.raises(ConfigError, match="choose another folder"):
        write_starter(tmp_path / "file" / "below")


def test_the_starter_explains_every_setting_and_no_other() -> None:
    assert uncommented().keys() == Settings.model_fields.keys() - {"home"}
    lines = STARTER.splitlines()
    for name in uncommented():
        number = next(
            number for number, line in enumerate(lines) if re.match(rf"(# )?\[?{name}\b", line)
        )
        # Neighbours may share one explanation.
        while _SETTING.match(lines[number]):
            number -= 1
        assert re.match(r"# \w", lines[number]), name


def test_the_starter_shows_the_defaults_there_are(tmp_path: Path) -> None:
    defaults = Settings()
    shown = Settings.model_validate(
        {name: value for name, value in uncommented().items() if name != "catalogue"}
    )
    for name, field in Settings.model_fields.items():
        if name != "page_extractors" and field.default not in (None, ""):
            assert getattr(shown, name) == getattr(defaults, name), name
    write_starter(tmp_path)
    changed = [name for name, _, origin in origins(tmp_path, environ={}) if origin != "default"]
    assert changed == ["catalogue"]
