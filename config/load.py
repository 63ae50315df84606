"""The door to the configuration: only the command line and the workers' runtime come through here.

Everything else is handed a `Settings` and a `Catalogue`.
"""

from __future__ import annotations

from config.catalogue_checks import catalogue_warnings
from config.catalogue_files import load_catalogue
from config.installation import Origin, load_settings, origins
from config.problems import ConfigError, Problem
from config.scaffold import write_starter

__all__ = [
    "ConfigError",
    "Origin",
    "Problem",
    "catalogue_warnings",
    "load_catalogue",
    "load_settings",
    "origins",
    "write_starter",
]
