"""What log lines look like: plain or JSON, by a setting, the libraries' lines too.

Each line carries what is bound in structlog's context, the run id first of all. No line holds what
an address carries of secrets.
"""

from __future__ import annotations

import logging
import re
from typing import Literal

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

#: User and password of an address; its query, where keys and tokens stand.
_USER = re.compile(r"(?<=://)[^\s/@'\"]+@")
_QUERY = re.compile(r"(?<=://)([^\s?'\"<>]+)\?[^\s'\"<>]*")
#: What would begin a forged line, or colour a terminal.
_CONTROLS = dict.fromkeys((*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029), " ")


def without_secrets(text: str) -> str:
    """Return a text whose addresses have lost user, password and query."""
    return _QUERY.sub(r"\1?...", _USER.sub("", text))


def _clean(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """Take secrets out of every text of a line, and what would end the line out of all but traces.

    A trace is the program's own; JSON escapes its line ends, and people want to read it.
    """
    return {
        key: without_secrets(value if key == "exception" else value.translate(_CONTROLS))
        if isinstance(value, str)
        else value
        for key, value in event.items()
    }


def configure(
    form: Literal["plain", "json"], *, level: int | str = logging.INFO, file: str | None = None
) -> None:
    """Give every line of this process one form, on stderr or in `file`."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    handler = logging.StreamHandler() if file is None else logging.FileHandler(file)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                _clean,
                structlog.processors.JSONRenderer(default=str)
                if form == "json"
                else structlog.dev.ConsoleRenderer(colors=False),
            ],
        )
    )
    logging.captureWarnings(capture=True)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
