"""Pages that are no article: errors served as pages, consent walls, checks for robots, listings.

Each sign alone can stand in a real article (one about cookies, a film called "404"), so a page is
refused only when it also says little: an article explains itself at length.
"""

from __future__ import annotations

import re

from pipeline.articles.declared import Declared
from pipeline.articles.refusals import CONSENT_WALL, ERROR_PAGE, LISTING
from pipeline.urls import host_of, is_home_page

#: Characters of text from which a page is taken at its word. The shortest article of 188 real
#: pages that carries such a sign by chance has more than twice as many.
_LITTLE_TEXT = 600

_CONSENT_HOST = re.compile(r"^(?:consent|guce|cmp|privacy-?gate|myprivacy)\.")
_CONSENT = re.compile(
    r"before you continue|we value your privacy|your privacy (?:choices|matters)|cookie consent"
    r"|accept (?:all )?cookies|zustimm(?:en|ung)|datenschutzeinstellungen|gérer (?:mes|vos) choix"
    r"|consent(?:ement|imiento|o)?\b.{0,40}\bcookies|privacy settings|pur-abo",
    re.IGNORECASE,
)
_ERROR = re.compile(
    r"^\W*(?:error\W*)?(?:404|403|410|429|500|502|503)\b"
    r"|(?:page|article|story|content|file) (?:was |is |could )?"
    r"(?:not (?:be )?(?:found|available)|no longer)"
    r"|^(?:not found|access denied|forbidden|just a moment|attention required|are you a robot"
    r"|are you human|please verify|verify you are human|security check|pardon our interruption"
    r"|service unavailable|bad gateway|site maintenance|something went wrong|oops)\b"
    r"|seite (?:wurde )?nicht gefunden|page (?:introuvable|non trouvée)|página no encontrada"
    r"|pagina non trovata|página não encontrada|pagina niet gevonden|ページが見つかりません",
    re.IGNORECASE,
)


def refusal_of(declared: Declared, *, text: str) -> tuple[str, str] | None:
    """Return (reason code, detail) when the page is no article, None when it may be one."""
    host = host_of(declared.url)
    if _CONSENT_HOST.match(host):
        return CONSENT_WALL, host
    if _is_article(declared):
        return None
    if is_home_page(declared.url):
        return LISTING, "a front page"
    return _said(declared, text) if len(text) < _LITTLE_TEXT else None


def _said(declared: Declared, text: str) -> tuple[str, str] | None:
    """Return what a page without an article's length or marks says it is."""
    titles = (declared.title, *declared.headlines)
    for title in titles:
        if _ERROR.search(title.strip()):
            return ERROR_PAGE, title[:80]
    for line in (*titles, text):
        if found := _CONSENT.search(line):
            return CONSENT_WALL, found[0]
    return (LISTING, "declared as a collection") if declared.json_ld.is_listing else None


def _is_article(declared: Declared) -> bool:
    """Say whether the page declares itself an article with a date."""
    if declared.json_ld.article.get("headline"):
        return True
    return bool(declared.meta("article:published_time"))
