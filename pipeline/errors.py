"""What can go wrong, as one small tree.

    NewsloomError
    ├── UsageError             exit code 2: the operator can mend it before anything starts
    │   ├── ConfigError        (config.load has its own, of the same shape: config is the floor)
    │   └── StoreError         the database is missing, foreign, corrupt or of another version
    ├── Rejected               one input is unusable; carries a stable reason code
    │   ├── NotAFeed
    │   └── NotAnArticle
    ├── SeedFileError          a document cannot be read or written; carries the line
    └── CipherError            the secured field cannot be opened with the keys at hand

A message names what, where, and the remedy. Batch functions never raise for one bad member:
they turn ``Rejected`` into an outcome.
"""

from __future__ import annotations


class NewsloomError(Exception):
    """Base of everything we raise on purpose."""


class UsageError(NewsloomError):
    """The command, the configuration or the environment is wrong; nothing was started."""


class StoreError(UsageError):
    """The database cannot be used as it is."""


class Rejected(NewsloomError):  # noqa: N818 -- reads as an outcome, not as a fault of ours
    """One input is unusable for a stable reason such as ``not-a-feed``."""

    def __init__(self, reason: str, detail: str = "") -> None:
        """Keep the reason code apart from its detail."""
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


class NotAFeed(Rejected):
    """The bytes are no feed in any dialect we read."""


class NotAnArticle(Rejected):
    """The page is no article: an error, a consent wall, a listing, empty."""


class SeedFileError(NewsloomError):
    """A seed document cannot be read or must not be written."""

    def __init__(self, message: str, *, line: int | None = None) -> None:
        """Put the line, counted from 1, in front of the message."""
        super().__init__(f"line {line}: {message}" if line else message)
        self.line = line


class CipherError(NewsloomError):
    """A secured field was not made with the keys at hand, or was changed since."""
