"""Pure: what feedparser takes an element or attribute for, by its namespace and prefix.

feedparser knows namespaces by their address, in any case, calls each by a name of its own, and maps
prefixes to these names a second time, for the rest of the document. As long as every prefix is the
usual one, both come out the same; `check_declared` makes sure of it.
"""

from __future__ import annotations

import re
from functools import lru_cache

ATOM = "http://www.w3.org/2005/Atom"
RSS10 = "http://purl.org/rss/1.0/"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_XML = "{http://www.w3.org/XML/1998/namespace}"
#: Every namespace whose elements feedparser reads in a way of their own, in lower case, by its name
#: there. A test holds this against feedparser's own list.
SPACES = {
    "": "",
    ATOM.lower(): "",
    RSS10: "",
    RDF: "rdf",
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://purl.org/dc/terms/": "dcterms",
    "http://purl.org/rss/1.0/modules/content/": "content",
    "http://purl.org/rss/1.0/modules/syndication/": "sy",
    "http://rssnamespace.org/feedburner/ext/1.0": "feedburner",
    "http://search.yahoo.com/mrss": "media",
    "http://search.yahoo.com/mrss/": "media",
    # These may be declared but not used.
    "http://creativecommons.org/ns#license": "cc",
    "http://web.resource.org/cc/": "cc",
    "http://cyber.law.harvard.edu/rss/creativecommonsrssmodule.html": "creativecommons",
    "http://backend.userland.com/creativecommonsrssmodule": "creativecommons",
    "http://www.georss.org/georss": "georss",
    "http://www.opengis.net/gml": "gml",
    "http://www.itunes.com/dtds/podcast-1.0.dtd": "itunes",
    "http://example.com/dtds/podcast-1.0.dtd": "itunes",
    "http://podlove.org/simple-chapters": "psc",
    "http://www.w3.org/1999/xhtml": "xhtml",
}
#: Namespaces of long gone versions, which feedparser reads like the ones of today.
BYGONE = frozenset(
    {
        "http://backend.userland.com/rss",
        "http://blogs.law.harvard.edu/tech/rss",
        "http://my.netscape.com/rdf/simple/0.9/",
        "http://example.com/newformat#",
        "http://example.com/necho",
        "http://purl.org/echo/",
        "uri/of/echo/namespace#",
        "http://purl.org/pie/",
        "http://purl.org/atom/ns#",
        "http://purl.org/rss/1.0/modules/rss091#",
    }
)
#: The prefixes that feeds use for Atom and RSS; for the others, their names above.
_CORE_PREFIXES = frozenset({"atom", "atom10", "a10", "a", "rss"})
#: With these, an element of an unknown namespace could pass for another, or for a part of one.
_RESERVED = frozenset(
    {
        *_CORE_PREFIXES,
        *SPACES.values(),
        *("author", "publisher", "generator", "title", "summary", "image", "textinput", "xml"),
    }
)
#: Names in which feedparser sees the same thing, and the elements of other namespaces that it
#: reads; all others of theirs are taken for unknown.
_QUALIFIED = {
    "dc:title": "title",
    "dc:description": "description",
    "dc:creator": "author",
    "dc:author": "author",
    "dc:contributor": "contributor",
    "dc:publisher": "publisher",
    "dc:date": "updated",
    "dc:language": "language",
    "dc:rights": "rights",
    "dc:subject": "category",
    "dcterms:created": "created",
    "dcterms:issued": "published",
    "dcterms:modified": "updated",
    "dcterms:valid": "dcterms:valid",
    "content:encoded": "content:encoded",
    "sy:updateperiod": "sy:updateperiod",
    "sy:updatefrequency": "sy:updatefrequency",
    "feedburner:origlink": "feedburner:origlink",
    "feedburner:browserfriendly": "feedburner:browserfriendly",
    "media:category": "media:category",
    "media:keywords": "media:keywords",
    "media:title": "media:title",
    "media:group": "media:group",
    "media:rating": "media:rating",
    "media:credit": "media:credit",
    "media:description": "media:description",
    "media:caption": "media:caption",
    "media:restriction": "media:restriction",
    "media:license": "media:license",
    "media:content": "media:content",
    "media:thumbnail": "media:thumbnail",
    "media:player": "media:player",
}
_PLAIN = {
    "pubdate": "published",
    "issued": "published",
    "modified": "updated",
    "lastbuilddate": "updated",
    "guid": "id",
    "copyright": "rights",
    "tagline": "subtitle",
    "managingeditor": "author",
    "webmaster": "publisher",
    "keywords": "category",
    "homepage": "uri",
}
#: Plain names with a meaning, for feedparser or for us; it reads them even in namespaces that it
#: does not know. The last two rows are names under which it keeps something else.
MEANT = frozenset(
    {
        *_PLAIN,
        *_PLAIN.values(),
        *(
            "rss",
            "channel",
            "feed",
            "item",
            "entry",
            "image",
            "textinput",
            "source",
            "where",
            "geom",
        ),
        *("title", "link", "summary", "description", "abstract", "info", "content", "body"),
        *("fullitem", "author", "contributor", "name", "email", "url", "width", "height"),
        *("subtitle", "language", "created", "expirationdate", "category", "cloud", "generator"),
        *("enclosure", "newlocation", "tags", "ttl", "nopermalink"),
        *("date", "items", "entries", "links", "authors", "contributors", "href", "expired"),
        *("publisher", "sourcedata", "georssgeom", "guidislink", "svg", "math", "div"),
    }
)
#: Other names are safe, but for those that look like feedparser's derived ones (`title_detail`).
_HARMLESS = re.compile(r"[a-z][a-z0-9.-]*")
_VOUCHED = frozenset({"rdf", "dc", "dcterms", "content", "sy", "feedburner", "media"})
#: Attributes that are read; one of another namespace would pass for them.
_ATTRIBUTES = frozenset(
    {
        *("base", "href", "ispermalink", "lang", "lastmod", "medium", "mode", "rel", "type"),
        *("uri", "url", "version", "width", "height"),
    }
)
_DECLARATION = re.compile(r"xmlns:([^\s=:<>\"']+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
#: More prefixes than feeds have; each makes every look at an element's namespaces slower.
_MOST_PREFIXES = 50
#: More than real documents use, so that a hostile one cannot fill the memory.
_REMEMBERED = 1024


class OddFeed(Exception):  # noqa: N818 -- a reason to ask feedparser, not a fault
    """A document of which only feedparser can say what it makes."""


def check_declared(xml: str) -> frozenset[str]:
    """Return the namespaces that are declared with a prefix, in lower case.

    Raise OddFeed unless each prefix has one meaning throughout and it is the usual one.
    """
    bound: dict[str, str] = {}
    for prefix, double, single in _DECLARATION.findall(xml):
        uri = double or single
        if bound.setdefault(prefix, uri) != uri or len(bound) > _MOST_PREFIXES:
            raise OddFeed
    for prefix, uri in bound.items():
        lower = uri.lower()
        if "&" in uri or lower in BYGONE or "backend.userland.com/rss" in lower:
            raise OddFeed
        name = SPACES.get(lower)
        if name is None:
            usual = prefix.lower() not in _RESERVED
        else:
            usual = prefix == name or prefix.lower() == name == "creativecommons"
            usual = usual or (not name and prefix in _CORE_PREFIXES)
        if not usual:
            raise OddFeed
    return frozenset(map(str.lower, bound.values()))


@lru_cache(_REMEMBERED)
def name_of(tag: str, *, prefixed: bool) -> str:
    """Return what an element counts as: ``title``, ``media:content`` ...

    Atom's, RSS's and Dublin Core's names for one thing become one name. "other" is a plain name
    that means nothing, "x" one with a prefix. Raise OddFeed for what might be read in some way.
    """
    namespace, _, local = tag.lower().rpartition("}")
    name = SPACES.get(namespace[1:])
    if not tag.isascii() or ":" in local or namespace[1:] in BYGONE:
        raise OddFeed
    if name is None and prefixed:
        return "x"
    if name:
        if name not in _VOUCHED:
            raise OddFeed
        return _QUALIFIED.get(f"{name}:{local}", "x")
    if local in MEANT:
        return _PLAIN.get(local, local)
    if not _HARMLESS.fullmatch(local):
        raise OddFeed
    return "other"


@lru_cache(_REMEMBERED)
def attribute_of(key: str) -> str:
    """Return what an attribute counts as. Raise OddFeed if it might pass for another."""
    namespace, _, local = key.rpartition("}")
    local = local.lower()
    if not key.isascii():
        raise OddFeed
    if not namespace:
        return local
    if f"{namespace}}}" == _XML:
        return f"xml:{local}"
    if namespace[1:] == RDF:
        return f"rdf:{local}"
    if local in _ATTRIBUTES:
        raise OddFeed
    return key
