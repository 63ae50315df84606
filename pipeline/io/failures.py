"""Whatever goes wrong with one request -> a reason that is stored, counted and shown.

bad-url blocked-address blocked-port    the guard refused, before anything was sent
dns connect tls proxy                   no way to the server
deadline                                the whole took too long
too-large truncated bad-encoding        the body could not be taken
bad-response                            no HTTP, or not what HTTP allows here
no-secret                               a header's value is not where its reference says
redirect-loop too-many-redirects not-modified-without-validators
http-404 ...                            the server's own word, from 400 on
client-error                            a fault of ours or of the library below
"""

from __future__ import annotations

import ssl

import httpcore
import httpx

from pipeline.errors import Rejected
from pipeline.outcomes import FetchFailed
from pipeline.plaintext import clean_line

#: Asking again will not help.
_PERMANENT = frozenset({"bad-url", "blocked-address", "blocked-port"})
_MAX_DETAIL = 200
#: h11 marks a head beyond its own limit with the status a server would answer (RFC 6585).
_HEAD_TOO_LARGE = 431

#: The first that fits. A transport of ours raises httpcore's exceptions, another one httpx's.
_REASONS: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
    ((httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError), "bad-url"),
    ((httpx.ConnectTimeout, httpcore.ConnectTimeout), "connect"),
    ((httpx.ConnectError, httpcore.ConnectError), "connect"),
    ((TimeoutError, httpx.TimeoutException, httpcore.TimeoutException), "deadline"),
    ((httpx.ProxyError, httpcore.ProxyError), "proxy"),
    ((httpx.ProtocolError, httpcore.ProtocolError), "bad-response"),
    ((httpx.NetworkError, httpcore.NetworkError), "bad-response"),
    ((httpx.DecodingError,), "bad-encoding"),
    ((OSError,), "connect"),
)


def failure_of(url: str, error: Exception) -> FetchFailed:
    """Return the outcome of a request for `url` that ended in `error`."""
    if isinstance(error, Rejected):
        reason, detail = error.reason, error.detail
    else:
        reason, detail = _reason_of(error), str(error) or type(error).__name__
    return FetchFailed(
        url=url,
        reason=reason,
        detail=clean_line(detail)[:_MAX_DETAIL],
        permanent=reason in _PERMANENT,
    )


def is_cut(error: Exception) -> bool:
    """Say whether `error`, met while reading a body, means that its end never came."""
    network = isinstance(error, httpx.NetworkError | httpcore.NetworkError)
    return network or str(error).startswith("peer closed connection")


def _reason_of(error: Exception) -> str:
    """Return the code for an exception of the libraries below."""
    causes = _causes(error)
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return "tls"
    if any(getattr(cause, "error_status_hint", 0) == _HEAD_TOO_LARGE for cause in causes):
        return "too-large"
    reasons = (reason for classes, reason in _REASONS if isinstance(error, classes))
    return next(reasons, "client-error")


def _causes(error: BaseException) -> list[BaseException]:
    """Return the exception and those it stands for.

    httpcore wraps the original into its own and then cuts the chain between them. What was merely
    being handled (``__context__``) does not count: a TLS read that waits is an exception, too.
    """
    found: list[BaseException] = []
    cause: object = error
    while isinstance(cause, BaseException) and cause not in found:
        found.append(cause)
        cause = cause.__cause__ or next(iter(cause.args), None)
    return found
