"""Pure: the site's JSON API: its published stories, newest first, page by page, and by topic.

The keys of an entry are those that the format's published themes give their readers.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from config.catalogue import Site
from pipeline.seedfile.canonical import canonical
from pipeline.seedfile.document import CATEGORY
from pipeline.seedfile.listing import ListedImage, Listing, newest_first, page_path, site_url
from pipeline.seedfile.naming import slug

#: Version of the pages' form.
_VERSION = 1
#: The published themes show 15 or 20 stories per page.
PAGE_SIZE = 20
_ROOT = "api/news"
#: Every organisation's picture has this size, which the format fixes.
_LOGO_SIZE = 50


def api_files(listings: Sequence[Listing], *, site: Site) -> dict[str, bytes]:
    """Return the API's files by path below the site's folder: all stories, then each topic's.

    `listings` are the published ones, in any order. Without any there is one empty page. Pages
    that an earlier, longer list had are not among the files; whoever writes them removes those.
    """
    ordered = newest_first(listings)
    files = dict(_pages(_ROOT, None, ordered, site))
    for topic, folder in topic_folders(listings).items():
        members = [one for one in ordered if topic in one.topics]
        files.update(_pages(f"{_ROOT}/topics/{folder}", topic, members, site))
    return files


def topic_folders(listings: Sequence[Listing]) -> dict[str, str]:
    """Return every topic, sorted, with the slug under which its stories stand.

    Of topics that share a slug (``C``, ``C#``) or have none, all but the first get a hash.
    """
    by_slug: dict[str, list[str]] = defaultdict(list)
    for topic in sorted({topic for one in listings for topic in one.topics}):
        by_slug[slug(topic)].append(topic)
    folders = {
        topic: words if words and not number else _hashed(words, topic)
        for words, topics in by_slug.items()
        for number, topic in enumerate(topics)
    }
    return dict(sorted(folders.items()))


def _hashed(words: str, topic: str) -> str:
    """Return a slug that no other topic has."""
    return f"{words or 'topic'}-{hashlib.sha256(topic.encode()).hexdigest()[:8]}"


def _pages(
    folder: str, topic: str | None, ordered: Sequence[Listing], site: Site
) -> Iterator[tuple[str, bytes]]:
    """Yield the pages of one list with their paths; an empty list has one."""
    last = max(1, -(-len(ordered) // PAGE_SIZE))
    for number in range(1, last + 1):
        start = (number - 1) * PAGE_SIZE
        page = {
            "version": _VERSION,
            "topic": topic,
            "page": number,
            "pages": last,
            "total": len(ordered),
            "previous": _path(folder, number - 1) if number > 1 else None,
            "next": _path(folder, number + 1) if number < last else None,
            "stories": [_story(one, site) for one in ordered[start : start + PAGE_SIZE]],
        }
        yield _path(folder, number), canonical(page)


def _path(folder: str, number: int) -> str:
    """Return where a page of a list stands."""
    return f"{folder}/index.json" if number == 1 else f"{folder}/page/{number}/index.json"


def _story(listing: Listing, site: Site) -> dict[str, Any]:
    """Return one story in the themes' keys; `url` is its page on the site."""
    page = page_path(listing.path)
    return {
        "path": listing.path,
        "title": listing.title,
        "type": listing.type,
        "heat": listing.heat,
        "url": site_url(site, page) or page,
        "webUrl": listing.url,
        "ampWebUrl": listing.amp_url,
        "cdnAmpWebUrl": listing.cdn_amp_url,
        "excerpt": listing.excerpt,
        "publishedDateTime": listing.published_at,
        "updatedDateTime": listing.updated_at,
        "provider": {
            "name": listing.provider_name,
            "domain": listing.provider_domain,
            "images": _logos(listing.provider_logo),
        },
        "images": [_image(listing.image)] if listing.image else [],
        "categories": [CATEGORY],
        "topics": list(listing.topics),
        "relatedCount": listing.related,
    }


def _logos(url: str | None) -> list[dict[str, Any]]:
    """Return the provider's picture."""
    return [{"url": url, "width": _LOGO_SIZE, "height": _LOGO_SIZE}] if url else []


def _image(image: ListedImage) -> dict[str, Any]:
    """Return the story's picture, of which the site keeps no copy."""
    return {
        "url": image.url,
        "width": image.width,
        "height": image.height,
        "isCached": False,
        "title": image.title,
    }
