"""The settings of one installation, gathered from its file, the environment and secret files.

    defaults < newsloom.toml < NEWSLOOM_<NAME> < what the caller names (home)

A secret may be given as ``<name>_file`` instead; the pair counts as one setting, so a variable
``NEWSLOOM_PROXY_FILE`` replaces a ``proxy`` of the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from pydantic import SecretStr, ValidationError

from config.durations import show_duration
from config.problems import ConfigError, Problem, reason_of
from config.secretfile import read_secret
from config.settings import PREFIX, Environment, Settings
from config.settings_checks import check_settings
from config.tomlfile import TomlFile, read_toml
from config.wording import Place, problems_of

FILE: Final = "newsloom.toml"
MASK = "********"

_NAMES = tuple(name for name in Settings.model_fields if name != "home")
#: Each can be given by value or as `<name>_file`.
_SECRETS = tuple(name for name in _NAMES if f"{name}_file" in _NAMES)
#: A variable as like a setting as this is a slip of the pen; others may be somebody else's
#: (Kubernetes announces a service called newsloom as NEWSLOOM_PORT).
_SLIP = 0.8


Where = Literal["default", "newsloom.toml", "environment"]


class Origin(NamedTuple):
    """One setting as it stands, and where it comes from."""

    name: str
    #: Secrets masked; "" when unset.
    value: str
    origin: Where


@dataclass(frozen=True, slots=True)
class _Given:
    """What the operator set, before anything is checked."""

    home: Path
    file: TomlFile
    file_values: Mapping[str, Any]
    variables: Mapping[str, Any]

    @property
    def values(self) -> dict[str, Any]:
        """All of it, the environment first."""
        return {**self.file_values, **self.variables}

    def place(self, name: str) -> Place:
        """Say where a setting stands."""
        if name in self.variables:
            return Place("environment", f"{PREFIX}{name.upper()}")
        return Place(self.file.name, name, self.file.line(name))

    def origin(self, name: str, value: object) -> Where:
        """Say where the value of a setting comes from, or the file that it was read from."""
        names = {name} if value is None else {name, f"{name}_file"}
        if not names.isdisjoint(self.variables):
            return "environment"
        return "default" if names.isdisjoint(self.file_values) else FILE


def load_settings(home: Path, *, environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of the installation in `home`.

    `environ` replaces the process's variables. Raise ConfigError with all that is wrong.
    """
    return _settle(_gather(home, environ))


def origins(home: Path, *, environ: Mapping[str, str] | None = None) -> list[Origin]:
    """Return each setting with its value, secrets masked, and its origin.

    Raise ConfigError as `load_settings` does.
    """
    given = _gather(home, environ)
    settings = _settle(given)
    values = [(name, getattr(settings, name)) for name in _NAMES]
    return [Origin(name, _shown(value), given.origin(name, value)) for name, value in values]


def _gather(home: Path, environ: Mapping[str, str] | None) -> _Given:
    """Read file and environment; raise ConfigError when that already fails."""
    home = home.absolute()
    path = home / FILE
    try:
        present = path in home.iterdir()
    except OSError as error:
        wrong = f"no folder of an installation ({reason_of(error)})"
        remedy = "`newsloom init DIR` makes one"
        raise ConfigError([Problem(where=str(home), wrong=wrong, remedy=remedy)]) from error
    file = read_toml(path) if present else TomlFile(str(path), {}, ())
    environment = Environment(environ)
    variables = {name: value for name, value in environment().items() if name != "home"}
    given = _Given(home, file, file.data, variables)
    problems = [*_given_twice(given), *_misspelt(environment), *_own_folder(given)]
    if problems:
        raise ConfigError(problems)
    overruled = {
        name
        for secret in _SECRETS
        if not {secret, f"{secret}_file"}.isdisjoint(variables)
        for name in (secret, f"{secret}_file")
    }
    kept = {name: value for name, value in file.data.items() if name not in overruled}
    return replace(given, file_values=kept)


def _given_twice(given: _Given) -> Iterator[Problem]:
    """Refuse a secret that one place gives both by value and by file."""
    for secret in _SECRETS:
        for values in (given.variables, given.file_values):
            if secret in values and f"{secret}_file" in values:
                place = given.place(secret)
                yield Problem(
                    where=place.where,
                    line=place.line,
                    key=place.key,
                    wrong=f"set together with {given.place(f'{secret}_file').key}",
                    remedy="keep one of the two",
                )


def _misspelt(environment: Environment) -> Iterator[Problem]:
    """Refuse a variable that is nearly a setting: it would be passed over in silence."""
    for name in environment.names:
        close = get_close_matches(name, _NAMES, n=1, cutoff=_SLIP)
        if close and name not in Settings.model_fields:
            yield Problem(
                where="environment",
                key=f"{PREFIX}{name.upper()}",
                wrong="unknown variable",
                remedy=f"did you mean `{PREFIX}{close[0].upper()}`?",
            )


def _own_folder(given: _Given) -> Iterator[Problem]:
    """Refuse `home` in the file: the file's own folder is it."""
    if "home" in given.file_values:
        yield Problem(
            where=given.file.name,
            line=given.file.line("home"),
            key="home",
            wrong="cannot be set here",
            remedy="the folder of this file is it; use --home or NEWSLOOM_HOME to choose another",
        )


def _settle(given: _Given) -> Settings:
    """Check all values, one by one and together, and read the secrets' files."""
    try:
        settings = Settings.model_validate({**given.values, "home": given.home})
    except ValidationError as error:
        problems = problems_of(error, Settings, given.place, hidden=_SECRETS)
        raise ConfigError(problems) from None
    settings = _with_secrets(settings, given)
    problems = check_settings(settings, given.values.keys(), given.place)
    if problems:
        raise ConfigError(problems)
    return settings


def _with_secrets(settings: Settings, given: _Given) -> Settings:
    """Put in what the secrets' files hold; the master key's is read by who makes the cipher."""
    found: dict[str, SecretStr] = {}
    problems = []
    for secret in _SECRETS:
        path: Path | None = getattr(settings, f"{secret}_file")
        if path is None or secret == "master_key":  # noqa: S105 -- a setting's name
            continue
        try:
            found[secret] = SecretStr(read_secret(settings.path(path)))
        except (OSError, ValueError) as error:
            place = given.place(f"{secret}_file")
            problems.append(
                Problem(
                    where=place.where,
                    line=place.line,
                    key=place.key,
                    wrong=f"{settings.path(path)} cannot be used ({reason_of(error)})",
                    remedy=f"put {secret} into it, in one line",
                )
            )
    if problems:
        raise ConfigError(problems)
    return settings.model_copy(update=found)


def _shown(value: object) -> str:
    """Return a setting for people, secrets masked."""
    match value:
        case None:
            return ""
        case SecretStr():
            return MASK
        case timedelta():
            return show_duration(value)
        case tuple():
            return ", ".join(str(part) for part in value)
        case dict():
            return ", ".join(f"{key}={word}" for key, word in value.items())
    return str(value)
