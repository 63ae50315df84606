"""Pure: web addresses. What a reference means, which page it names, whose page that is.

Three questions, three answers: `resolve` makes a printable absolute address out of whatever a
feed or page holds; `url_key` gives two addresses of one page the same name; `registrable_domain`
tells whose host it is. Syntax is the WHATWG URL Standard (by ada-url), ownership the public
suffix list as shipped with tldextract, private part included; nothing is fetched or cached on
disk.
"""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import sha256
from html import unescape
from typing import TYPE_CHECKING

from ada_url import URL, HostType

if TYPE_CHECKING:
    from tldextract import TLDExtract

#: Longest address we keep: what sitemaps.org allows and every browser and cache takes.
MAX_LENGTH = 2048
#: Prefix of every key. Another normalisation is another version, and needs a migration.
KEY_VERSION = "1"

#: Raw references may shrink when entities and line breaks go; far beyond the limit they cannot.
_MAX_RAW_LENGTH = 4 * MAX_LENGTH
_SCHEMES = frozenset({"http:", "https:"})
#: WHATWG reads `http:///x` as host x; nobody means that, so it is refused as having no host.
_NO_HOST = re.compile(r"\s*https?:[/\\]{3}", re.IGNORECASE)
#: One or more ampersand entities in a row, as double-escaped feeds have them (`&amp;amp;`).
_AMPERSANDS = re.compile(r"&(?:(?:amp|#0{0,4}38|#[xX]0{0,4}26);)+")
#: Entities of characters that cannot be part of another entity. Without the semicolon nothing is
#: decoded: `?a=1&copy=2` is a parameter, not a copyright sign.
_ENTITY = re.compile(r"&(?:quot|apos|lt|gt|#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6});")
#: What WHATWG leaves raw but RFC 3986 (appendix A) allows nowhere in an address; some of it would
#: also end a YAML string or start a template tag.
_UNSAFE = re.compile(r'["<>\\^`{|}]|[^\x21-\x7e]')
#: RFC 1035 section 2.3.4 for the lengths; the underscore is in use.
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_MAX_HOST_LENGTH = 253
_PERCENT = re.compile(r"%[0-9a-fA-F]{2}")


def resolve(base: str, reference: str) -> str | None:
    """Return `reference`, seen from `base`, as an absolute http(s) address that is safe to print.

    The result holds only what RFC 3986 allows, in WHATWG serialisation, without user-info, in at
    most 2,048 characters; path, query and fragment keep their letters' case and their slashes.
    HTML entities are decoded. None when it is unusable: another scheme, empty, no or a bad host.
    """
    url = _parse(reference, base)
    return None if url is None else _printable(url)


def normalised_url(url: str) -> str:
    """Return the form by which two addresses of one page are told to be equal.

    Scheme, default port, leading www., m. and amp. (above the registrable domain), fragment,
    trailing slashes and tracking parameters are dropped, AMP caches unwrapped, the remaining
    parameters sorted, percent triplets in capitals (RFC 3986, section 6.2.2.1). The case of path
    and query stays. Raise ValueError when `url` is unusable.
    """
    parsed = _parse(_unwrapped(_require(url)))
    if parsed is None:
        raise ValueError(f"not a usable web address: {url[:200]!r}")
    host = _plain_host(parsed.hostname)
    port = f":{parsed.port}" if parsed.port else ""
    query = _kept_parameters(parsed.search.removeprefix("?"))
    path = parsed.pathname.rstrip("/")
    normal = f"{host}{port}{path}{'?' if query else ''}{query}"
    return _PERCENT.sub(lambda match: match[0].upper(), _UNSAFE.sub(_encoded, normal))


def url_key(url: str) -> str:
    """Return the versioned name of the page at `url`: ``1-`` and 64 hex digits.

    Raise ValueError when `url` is unusable.
    """
    return f"{KEY_VERSION}-{sha256(normalised_url(url).encode()).hexdigest()}"


def host_of(url: str) -> str:
    """Return the host of `url`, lower-case, punycode, no port. Raise ValueError when unusable."""
    return str(URL(_require(url)).hostname)


@lru_cache(maxsize=4096)
def registrable_domain(host: str) -> str:
    """Return the domain its owner registered: one label below the public suffix.

    An unknown suffix counts as one label (the list's default rule ``*``). An IP address, a single
    label and a public suffix stand for themselves.
    """
    host = host.lower().rstrip(".")
    if _is_ip(host):
        return host
    found = _suffixes().extract_str(host)
    if found.suffix:
        return str(found.top_domain_under_public_suffix) or host
    return ".".join(host.split(".")[-2:])


def same_site(url_a: str, url_b: str) -> bool:
    """Say whether both have the same registrable domain (IP hosts: the same host).

    Raise ValueError when either is unusable.
    """
    return registrable_domain(host_of(url_a)) == registrable_domain(host_of(url_b))


def is_home_page(url: str) -> bool:
    """Say whether `url` is a site's front page or that of an edition (``/``, ``/en-gb/``).

    Raise ValueError when it is unusable.
    """
    parsed = URL(_require(url))
    return not parsed.search and _HOME_PATH.fullmatch(parsed.pathname) is not None


#: Front pages: nothing, an edition or language, and a server's index file.
_HOME_PATH = re.compile(
    r"/(?:[a-z]{2}(?:[-_][a-z]{2})?/?)?(?:(?:index|default|home)(?:\.[a-z]{3,5})?/?)?",
    re.IGNORECASE,
)


# --- syntax ---------------------------------------------------------------------------------------


def _parse(reference: str, base: str | None = None) -> URL | None:
    """Return the parsed http(s) address without user-info, None when it is unusable."""
    text = reference.strip()
    if not text or len(text) > _MAX_RAW_LENGTH or _NO_HOST.match(text):
        return None
    text = _ENTITY.sub(_character, _AMPERSANDS.sub("&", text))
    try:
        url = URL(text, base or None)
    except ValueError:
        return None
    if url.protocol not in _SCHEMES or not _is_good_host(url):
        return None
    url.username = url.password = ""
    return url


def _printable(url: URL) -> str | None:
    """Return the serialised address with everything unsafe percent-encoded; None when too long."""
    href = _UNSAFE.sub(_encoded, url.href)
    return href if len(href) <= MAX_LENGTH else None


#: A page's key, its host and its site are asked for one after the other.
@lru_cache(maxsize=256)
def _require(url: str) -> str:
    """Return the printable form of an absolute address; raise ValueError when there is none."""
    resolved = resolve("", url)
    if resolved is None:
        raise ValueError(f"not a usable web address: {url[:200]!r}")
    return resolved


def _character(entity: re.Match[str]) -> str:
    """Return the character of an entity, unless it could complete another entity."""
    character = unescape(entity[0])
    return (
        entity[0]
        if character.isascii() and (character.isalnum() or character in "#;&")
        else (character)
    )


def _encoded(match: re.Match[str]) -> str:
    """Return the percent-encoded bytes of a character."""
    return "".join(f"%{byte:02X}" for byte in match[0].encode())


def _is_good_host(url: URL) -> bool:
    """Say whether the host could be looked up: WHATWG lets more through than DNS does."""
    if url.host_type != HostType.DEFAULT:
        return True
    return _is_good_name(url.hostname.removesuffix("."))


#: The links of a feed lead to a few hosts, over and over.
@lru_cache(maxsize=1024)
def _is_good_name(host: str) -> bool:
    """Say whether a host's labels can be looked up."""
    return 0 < len(host) <= _MAX_HOST_LENGTH and all(map(_is_good_label, host.split(".")))


def _is_good_label(label: str) -> bool:
    """Say whether a label is made of letters, digits, hyphens, and its punycode can be read."""
    if not _LABEL.fullmatch(label):
        return False
    if not label.startswith("xn--"):
        return True
    try:
        return not label[4:].encode().decode("punycode").isascii()
    except UnicodeError:
        return False


# --- ownership ------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _suffixes() -> TLDExtract:
    """Return the public suffix list of the package: no network, no cache folder."""
    from tldextract import TLDExtract  # noqa: PLC0415 -- loads an HTTP stack: 0.16 s of a start

    return TLDExtract(cache_dir=None, suffix_list_urls=(), include_psl_private_domains=True)


def _is_ip(host: str) -> bool:
    """Say whether a host, as `host_of` gives it, is an address instead of a name."""
    return host.startswith("[") or host.replace(".", "").isdigit()


# --- equality -------------------------------------------------------------------------------------

#: Leading labels under which publishers show the very same page.
_MIRROR_LABELS = ("www.", "m.", "amp.")
#: An AMP cache or viewer holds host and path of the page after a marker: /c/s/ (document over
#: https), /v/ (viewer), /wp/ (web package), /amp/ on Google's viewer.
_AMP_CACHE_HOSTS = ("cdn.ampproject.org", "bing-amp.com")
_AMP_CACHE_PATH = re.compile(r"/(?:c|v|wp)/(s/)?(?=[^/]+\.[^/]+)")
#: One of these is in every address that could be in an AMP cache; most addresses end here.
_MAY_BE_CACHED = re.compile(r"cdn\.ampproject\.org|bing-amp\.com|www\.google\.")
_GOOGLE_AMP_HOST = re.compile(r"www\.google\.[a-z]{2,3}(?:\.[a-z]{2})?")
_GOOGLE_AMP_PATH = re.compile(r"/amp/(s/)?(?=[^/]+\.[^/]+)")


def _unwrapped(url: str) -> str:
    """Return the publisher's address of a page in an AMP cache, any other address as it is."""
    if not _MAY_BE_CACHED.search(url):
        return url
    parsed = URL(url)
    host = parsed.hostname
    if any(host == cache or host.endswith(f".{cache}") for cache in _AMP_CACHE_HOSTS):
        marker = _AMP_CACHE_PATH.match(parsed.pathname)
    elif _GOOGLE_AMP_HOST.fullmatch(host):
        marker = _GOOGLE_AMP_PATH.match(parsed.pathname)
    else:
        return url
    if marker is None:
        return url
    rest = parsed.pathname[marker.end() :] + parsed.search
    return resolve("", f"{'https' if marker[1] else 'http'}://{rest}") or url


def _plain_host(host: str) -> str:
    """Return the host without the labels of mirrors, never less than the registrable domain."""
    host = host.removesuffix(".")
    shortest = len(registrable_domain(host))
    for _ in _MIRROR_LABELS:
        label = next((label for label in _MIRROR_LABELS if host.startswith(label)), "")
        if not label or len(host) - len(label) < shortest:
            break
        host = host.removeprefix(label)
    return host


def _kept_parameters(query: str) -> str:
    """Return the parameters that may choose the page, sorted."""
    return "&".join(sorted(part for part in query.split("&") if part and not _is_tracking(part)))


def _is_tracking(parameter: str) -> bool:
    """Say whether a raw ``name=value`` tells where a reader came from, not what is read."""
    name, _, value = parameter.partition("=")
    name = name.lower()
    return (
        name.startswith(_TRACKING_PREFIXES)
        or name in _TRACKING
        or value.lower().startswith(_TRACKING_VALUES.get(name, _NEVER))
    )


_NEVER: tuple[str, ...] = ()
#: Families of campaign parameters: the prefix alone tells.
_TRACKING_PREFIXES = (
    "utm_",  # Urchin, Google Analytics and all who copied it
    "at_",  # AT Internet / Piano (BBC, Le Monde)
    "ns_",  # comScore Digital Analytix (BBC)
    "pk_",  # Piwik
    "mtm_",  # Matomo
    "__hs",  # HubSpot
    "guce_",  # Yahoo consent redirect (TechCrunch, Engadget)
    "wt_",  # Webtrekk / Mapp (German publishers)
)
#: Single names, each with who adds it. Reviewed: none of them chooses a page anywhere we know of;
#: `id`, `p`, `v`, `story`, `page`, `s`, `ref`, `source` are absent on purpose.
_TRACKING = frozenset(
    {
        *("fbclid", "igshid", "igsh", "mibextid"),  # Facebook, Instagram: click ids
        *("gclid", "dclid", "gbraid", "wbraid", "_ga", "_gl", "gclsrc"),  # Google Ads, Analytics
        *("msclkid", "yclid", "twclid", "ttclid", "li_fat_id"),  # Bing, Yandex, X, TikTok, LinkedIn
        *("mc_cid", "mc_eid"),  # Mailchimp: campaign, reader
        *("_hsenc", "_hsmi", "hsctatracking"),  # HubSpot mail
        *("mkt_tok", "s_cid", "vero_id", "oly_enc_id", "oly_anon_id"),  # Marketo, Adobe, mail tools
        *("ref_src", "ref_url"),  # X embeds
        *("xtor", "cmp", "cmpid", "ocid", "ncid", "icid"),  # publishers' own campaign names
        *("smid", "smtyp", "emc"),  # The New York Times: share and feed marks
        *("mbid", "guccounter", "sr_share", "spm"),  # Conde Nast, Yahoo, ShareThis, Alibaba
        *("__twitter_impression", "soc_src", "soc_trk", "echobox"),  # social buttons, Echobox
        *("amp", "amp_js_v", "amp_gsa", "usqp"),  # the same page in its AMP dress, viewer state
    }
)
#: Names that do choose pages elsewhere: tracking only with these beginnings of a value.
_TRACKING_VALUES = {
    "partner": ("rss",),  # The New York Times' feeds
    "source": ("rss",),  # Medium's feeds: source=rss----...
    "src": ("rss",),
    "ref": ("rss",),
    "from": ("rss",),
    "via": ("rss",),
    "outputtype": ("amp",),  # Arc Publishing's AMP dress
    "feature": ("youtu.be", "share", "youtube_gdata"),  # YouTube: how the link was found
}
