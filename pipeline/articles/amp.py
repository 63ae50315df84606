"""AMP: the AMP twin of a page, and its address in the AMP Cache.

The cache's addresses follow the published algorithm of the AMP project ("AMP Cache URL format"):
readable where a host fits into one label, else the base32 of its SHA-256.
"""

from __future__ import annotations

import re
import unicodedata
from base64 import b32encode
from hashlib import sha256

from ada_url import URL, idna

from pipeline.articles.declared import Declared
from pipeline.urls import (
    host_of,
    is_home_page,
    normalised_url,
    registrable_domain,
    resolve,
    same_site,
)

_CACHE = "cdn.ampproject.org"
#: RFC 1035, section 2.3.4.
_MAX_LABEL = 63
_IMAGE = re.compile(r"\.(?:png|jpe?g|gif|webp|svg|ico|bmp|avif)$", re.IGNORECASE)
_FONT = re.compile(r"\.(?:woff2?|ttf|otf|eot)$", re.IGNORECASE)
_LEFT_TO_RIGHT = frozenset({"L"})
_RIGHT_TO_LEFT = frozenset({"R", "AL"})


def amp_url_of(declared: Declared, *, url: str) -> str | None:
    """Return the AMP address that the page declares, None unless it belongs to the page at `url`.

    It belongs when it lies on the same registrable domain, or unwraps to it from an AMP cache, or
    on a domain of the same name as a label of the page's host (``m.economictimes.com`` for
    ``economictimes.indiatimes.com``), and is no home page. A page that is AMP is its own twin;
    one that is not and names itself has none.
    """
    if declared.is_amp:
        return resolve("", declared.url)
    found = declared.link("amphtml")
    if found is None or found in {declared.url, url}:
        return None
    # The key's normal form is without scheme and cache: exactly the page that an AMP address names.
    named = f"https://{normalised_url(found)}"
    return found if _is_related(named, url) and not is_home_page(named) else None


#: Shorter labels (news, blog, amp) are nobody's name.
_SHORTEST_NAME = 7


def _is_related(address: str, url: str) -> bool:
    """Say whether two addresses have one owner, as far as their names tell."""
    if same_site(address, url):
        return True
    name = registrable_domain(host_of(address)).partition(".")[0]
    return len(name) >= _SHORTEST_NAME and name in host_of(url).split(".")


def amp_cache_url(url: str, *, viewer: bool = False) -> str | None:
    """Return the address of `url` in the AMP Cache; None when `url` is unusable.

    A document is below ``/c``, a picture below ``/i``, a font below ``/r``, with ``/s`` when it
    was served by https; `viewer` asks for the form a viewer embeds (``/v``).
    """
    resolved = resolve("", url)
    if resolved is None:
        return None
    parsed = URL(resolved)
    if parsed.hostname.endswith(f".{_CACHE}"):
        return resolved
    kind = "v" if viewer else _kind(parsed.pathname)
    secure = "/s" if parsed.protocol == "https:" else ""
    # The parser adds a slash to a bare origin; the cache's address has none.
    bare = parsed.pathname == "/" and not parsed.search and not url.rstrip().endswith("/")
    path = "" if bare else parsed.pathname
    return f"https://{_subdomain(parsed.hostname)}.{_CACHE}/{kind}{secure}/{parsed.host}{path}{parsed.search}"


def _kind(path: str) -> str:
    """Return the letter of what a path names."""
    if _IMAGE.search(path):
        return "i"
    return "r" if _FONT.search(path) else "c"


def _subdomain(host: str) -> str:
    """Return the cache's label for a host."""
    return _readable(host) or _hashed(host)


def _hashed(host: str) -> str:
    """Return the label of a host that cannot be read in one."""
    return b32encode(sha256(host.encode()).digest()).decode().rstrip("=").lower()


def _readable(host: str) -> str:
    """Return the host as one label, "" when the algorithm has none for it."""
    if not _is_eligible(host):
        return ""
    label = str(idna.decode(host)).replace("-", "--").replace(".", "-")
    encoded = idna.encode(label).decode() if not label.isascii() else label
    if len(encoded) > _MAX_LABEL:
        return ""
    if encoded[2:4] == "--" and not encoded.startswith("xn--"):
        # Would look like an encoded name of a kind unknown to DNS.
        return f"0-{encoded}-0"
    return str(encoded)


def _is_eligible(host: str) -> bool:
    """Say whether a host may be written as one label."""
    if "." not in host or len(host) > _MAX_LABEL:
        return False
    if host[2:4] == "--" and not host.startswith("xn--"):
        return False
    directions = {unicodedata.bidirectional(character) for character in str(idna.decode(host))}
    return not (directions & _LEFT_TO_RIGHT and directions & _RIGHT_TO_LEFT)
