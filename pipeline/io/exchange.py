"""One request and its answer: redirects by hand, each hop through the guard, everything bounded."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

import httpcore
import httpx

from config.secretrefs import read_reference
from pipeline.errors import Rejected
from pipeline.io.decode import Body, coding_of
from pipeline.io.failures import is_cut
from pipeline.io.guard import Guard, Target
from pipeline.io.policy import WebPolicy, WebRequest
from pipeline.io.transport import Transport
from pipeline.outcomes import Fetched, FetchFailed, NotModified, WebOutcome
from pipeline.records import Validators

#: Waits until a host may be asked.
Turn = Callable[[str], Awaitable[None]]

_REDIRECTS = frozenset({301, 302, 303, 307, 308})

_ACCEPT = {
    "feed": "application/atom+xml, application/rss+xml, application/feed+json,"
    " application/xml;q=0.9, text/xml;q=0.9, */*;q=0.5",
    "page": "text/html, application/xhtml+xml, */*;q=0.5",
    "archive": "application/xml, text/xml, application/json, text/plain, */*;q=0.5",
    "robots": "text/plain, */*;q=0.5",
    "image": "image/jpeg, image/png, image/gif, image/webp, */*;q=0.5",
}
#: What RFC 9110 allows in a validator, in a length that real servers stay far below; others are
#: not worth a row in the database nor safe in a header.
_VALIDATOR = re.compile(r"[\x20-\x7e]{1,512}")
#: What may stand in a header, in the length that servers take (8 KiB for all of them).
_HEADER_VALUE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,8000}[\x21-\x7e])?")


async def ask(
    request: WebRequest, *, transport: Transport, guard: Guard, policy: WebPolicy, turn: Turn
) -> WebOutcome:
    """Return what the web answers to `request`, each hop after its host's `turn`.

    Raise Rejected for whatever the guard or a bound refuses, and the exceptions of the libraries
    below. A step from https down to http shows in the outcome's `redirects` and `final_url`.
    """
    headers = request_headers(request, policy)
    origin = target = guard.check_url(request.url)
    own = own_headers(request, policy)
    redirects: tuple[tuple[int, str], ...] = ()
    while True:
        if redirects or not request.claimed:
            await turn(target.host)
        response = await transport.handle_async_request(
            httpx.Request(
                "GET", target.url, headers=headers | (own if _may_know(origin, target) else {})
            )
        )
        try:
            _check_head(response, policy)
            if response.status_code not in _REDIRECTS:
                return await _outcome(request, target, response, redirects, policy)
        finally:
            await response.aclose()
        redirects += ((response.status_code, target.url),)
        target = _next_target(target, response, redirects, guard=guard, policy=policy)


def request_headers(request: WebRequest, policy: WebPolicy) -> dict[str, str]:
    """Return the headers of `request` that are the same on every hop."""
    agent = f"{policy.user_agent} ({policy.contact})" if policy.contact else policy.user_agent
    headers = {
        "User-Agent": agent,
        "Accept": _ACCEPT[request.kind],
        "Accept-Encoding": "gzip",
    }
    if request.kind == "image":
        # A range of a coded picture would be a range of the code.
        headers["Accept-Encoding"] = "identity"
        headers["Range"] = f"bytes=0-{policy.image_prefix_bytes - 1}"
    return headers | _conditions(request.validators)


def own_headers(request: WebRequest, policy: WebPolicy) -> dict[str, str]:
    """Return the headers for the request's own origin, read from where they are kept.

    Raise Rejected when one is not there: asked without it, a server would only refuse.
    """
    access = request.access
    headers = {} if access.user_agent is None else {"User-Agent": access.user_agent}
    for name, reference in access.headers.items():
        value = secret_of(name, reference, policy)
        if not _HEADER_VALUE.fullmatch(value):
            raise Rejected("no-secret", f"{name} from {reference}: it holds what no header can")
        headers[name] = value
    return headers


def secret_of(name: str, reference: str, policy: WebPolicy) -> str:
    """Return what a reference stands for. Raise Rejected when it is not there."""
    try:
        return read_reference(reference, policy.home)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise Rejected("no-secret", f"{name} from {reference}: {reason}") from None


def _may_know(origin: Target, target: Target) -> bool:
    """Say whether a hop may see the request's own headers: at its origin, or that behind TLS."""
    before, after = ((one.url.partition(":")[0], one.port) for one in (origin, target))
    upgraded = (before, after) == (("http", 80), ("https", 443))
    return origin.host == target.host and (before == after or upgraded)


def _conditions(validators: Validators | None) -> dict[str, str]:
    """Return the headers of a conditional GET; none for validators that no header can hold."""
    if validators is None:
        return {}
    conditions = {
        "If-None-Match": validators.etag,
        "If-Modified-Since": validators.last_modified,
    }
    return {name: value for name, value in conditions.items() if value and _is_validator(value)}


def _is_validator(value: str) -> bool:
    return _VALIDATOR.fullmatch(value) is not None


def _next_target(
    target: Target,
    response: httpx.Response,
    redirects: tuple[tuple[int, str], ...],
    *,
    guard: Guard,
    policy: WebPolicy,
) -> Target:
    """Return where a redirect leads. Raise Rejected when nothing good can come of it."""
    location = response.headers.get("location")
    if not location:
        raise Rejected("bad-response", f"{response.status_code} without a Location")
    found = guard.check_url(location, base=target.url)
    if _page(found.url) in {_page(url) for _, url in redirects}:
        raise Rejected("redirect-loop", found.url)
    if len(redirects) > policy.max_redirects:
        raise Rejected("too-many-redirects", f"more than {policy.max_redirects}")
    return found


def _page(url: str) -> str:
    """Return `url` without its fragment, which no server sees."""
    return url.partition("#")[0]


def _check_head(response: httpx.Response, policy: WebPolicy) -> None:
    """Refuse a head out of all proportion."""
    raw = response.headers.raw
    if len(raw) > policy.header_max_count:
        raise Rejected("too-large", f"{len(raw)} headers")
    if sum(len(name) + len(value) for name, value in raw) > policy.header_max_bytes:
        raise Rejected("too-large", f"more than {policy.header_max_bytes} bytes of headers")


async def _outcome(
    request: WebRequest,
    target: Target,
    response: httpx.Response,
    redirects: tuple[tuple[int, str], ...],
    policy: WebPolicy,
) -> WebOutcome:
    """Return the outcome of a final answer."""
    status, headers = response.status_code, dict(response.headers)
    if status == HTTPStatus.NOT_MODIFIED and request.validators and _conditions(request.validators):
        return NotModified(
            url=request.url,
            headers=headers,
            validators=request.validators,
            final_url=target.url,
            redirects=redirects,
        )
    if status == HTTPStatus.NOT_MODIFIED:
        reason = "not-modified-without-validators"
        return FetchFailed(url=request.url, reason=reason, status=status, headers=headers)
    if status >= HTTPStatus.BAD_REQUEST:
        return FetchFailed(
            url=request.url,
            reason=f"http-{status}",
            status=status,
            permanent=status == HTTPStatus.GONE,
            headers=headers,
        )
    _check_status(request, status, headers)
    return Fetched(
        url=request.url,
        final_url=target.url,
        status=status,
        headers=headers,
        body=await _read(request, response, policy),
        validators=_validators(response) if status == HTTPStatus.OK else Validators(),
        redirects=redirects,
    )


def _check_status(request: WebRequest, status: int, headers: Mapping[str, str]) -> None:
    """Refuse answers that are no whole page, or not the part that was asked for."""
    if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        raise Rejected("bad-response", f"status {status}")
    if status == HTTPStatus.PARTIAL_CONTENT:
        start = headers.get("content-range", "").lower()
        if request.kind != "image" or not start.startswith("bytes 0-"):
            raise Rejected("bad-response", f"a part that was not asked for: {start[:80]}")


async def _read(request: WebRequest, response: httpx.Response, policy: WebPolicy) -> bytes:
    """Return the decoded body. Raise Rejected where a bound is met or the end is missing."""
    cap = policy.cap(request.kind)
    prefix = request.kind in ("image", "robots")
    body = Body(coding_of(response.headers.get("content-encoding", "")), cap=cap, prefix=prefix)
    length = response.headers.get("content-length", "")
    if length.isdecimal() and int(length) > cap and not prefix:
        raise Rejected("too-large", f"{length} bytes announced")
    assert isinstance(response.stream, httpx.AsyncByteStream), "async transports stream so"
    try:
        # Not `aiter_raw`: answers made by hand, as in a recorded web, have been read already.
        pieces = 0
        async for chunk in response.stream:
            pieces += 1
            if pieces > policy.body_max_pieces:
                raise Rejected("too-large", f"more than {policy.body_max_pieces} pieces")
            body.add(chunk)
            if body.is_full:
                break
    except (httpx.TransportError, httpcore.NetworkError, httpcore.ProtocolError) as error:
        if is_cut(error):
            raise Rejected("truncated", str(error)) from error
        raise
    return body.finish()


def _validators(response: httpx.Response) -> Validators:
    """Return what the server gave for the next conditional GET, if it is sane and said once."""
    return Validators(
        etag=_single(response, "etag"), last_modified=_single(response, "last-modified")
    )


def _single(response: httpx.Response, name: str) -> str | None:
    """Return the one value of a header that can be sent back."""
    values = response.headers.get_list(name)
    return values[0] if len(values) == 1 and _is_validator(values[0]) else None
