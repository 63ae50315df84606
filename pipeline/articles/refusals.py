"""Why a page is no article: the reason codes of `NotAnArticle`, all of them.

They are stored, counted and shown; a code keeps its meaning for ever.
"""

from __future__ import annotations

#: Another format: PDF, picture, feed, JSON, whatever the header says.
NOT_HTML = "not-html"
#: Neither text nor description on the page, nor a summary in the feed.
NO_TEXT = "no-text"
#: No title on the page nor in the feed.
NO_TITLE = "no-title"
#: The publisher asks for consent first.
CONSENT_WALL = "consent-wall"
#: Not found, access denied, a check for robots: an error served as a page.
ERROR_PAGE = "error-page"
#: The publisher says that it took its piece back.
REMOVED_PAGE = "removed"
#: Only a wall: the page asks for a subscription or an account and shows nothing of an article.
PAYWALLED = "paywall"
#: A front page, a section, search results: many articles, none of them this page's.
LISTING = "listing"
#: The publisher asks not to be indexed (robots metas, X-Robots-Tag).
NOINDEX = "noindex"
#: An address that cannot be printed or looked up.
BAD_URL = "bad-url"

ALL = (
    NOT_HTML,
    NO_TEXT,
    NO_TITLE,
    CONSENT_WALL,
    ERROR_PAGE,
    REMOVED_PAGE,
    PAYWALLED,
    LISTING,
    NOINDEX,
    BAD_URL,
)
