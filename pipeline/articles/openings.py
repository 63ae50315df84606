"""What an article says first: its sentences without what stands beside them.

Beside the news stand bylines, datelines, credits of pictures, offers of newsletters, notices about
cookies and headings. They are recognised by how they begin and by their length, in the languages
of most sources; nothing is taken out of the middle of a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.articles.titles import fold
from pipeline.plaintext import clean_line

#: Characters wanted: a little more than the longest excerpt, so that the cut can be seen.
_ENOUGH = 350
#: Paragraphs looked at: boilerplate stands before the first sentence or not at all.
_MAX_PARAGRAPHS = 40
#: A line this long is a sentence even when no full stop ends it.
_LONG_LINE = 120
#: Sentence ends of the scripts we meet, with what may close behind them.
_SENTENCE_END = re.compile(r"[.!?…。！？؟।։]['\"”’»)\]」』]*$")

# --- datelines ------------------------------------------------------------------------------------

#: Where news agencies put themselves, behind place and day: "LONDON (AP) — ", "Berlin (dpa) - ".
#: Small letters behind the dash go on with a sentence: "the harbour board (HB) — a body of nine".
_AGENCY = re.compile(r"\([A-Za-zÀ-ÿ/. -]{2,40}\) ?[—–:-]{1,2} ?(?=[^\sa-zß-ÿ])")
#: An agency alone: "(dpa) ", "(ots). ".
_SIGN = re.compile(r"\([A-Za-z/]{2,12}\)[.:]? ?(?:[—–-]{1,2} )?(?=[A-ZÀ-Þ\"“„«»])")
_LONGEST_DATELINE = 80
#: A place in capitals and a dash or colon, or any place and a dash between spaces.
_PLACE = re.compile(
    r"(?:[A-ZÀ-Þ][A-ZÀ-Þ .'’/-]{2,30}(?:, [A-Z][\w. ]{1,20})?(?: ?[—–]|:| -) ?"
    r"|[A-ZÀ-Þ][\w.'’/-]{2,20}(?: [A-ZÀ-Þ][\w.'’/-]{1,20}){0,2}(?:, [A-Z][\w. ]{1,20})? [—–-] )"
    r"(?=[A-ZÀ-Þ\"“„«»])"
)

# --- lines beside the news ------------------------------------------------------------------------

#: Lines that are about the page and not about the news, by how they begin.
_BOILERPLATE = re.compile(
    r"[(\[]?(?:sign up|subscribe|newsletter|advertisement|anzeige|publicidad|publicité"
    r"|read (?:more|also)|continue reading"
    r"|more:|related:|see also|lesen sie|mehr zum thema|lire aussi|à lire|lea también"
    r"|leggi anche|leia também|lees ook|share (?:this|on)|teilen|follow us|listen to"
    r"|this article (?:was|is|has)|(?:file |ap )?photo(?:graph)?(?:s|/| by|:| credit| courtesy)"
    r"|picture(?:s by|:| by| credit)|video:|credits?:|(?:image|photo) courtesy|illustration:"
    r"|image(?: caption| source|:| credit|s? via| by)|bild:|foto(?:s)?(?::| by)|fotograf|grafik:"
    r"|crédits? ?:|quelle:|copyright|\(c\)|updated?:? |published:? |last (?:updated|modified)"
    r"|veröffentlicht|aktualisiert|stand:|publié le|mis à jour|by the associated press"
    r"|posted (?:on|by|in)|\d+ min(?:ute)?s? read|reading time|cookies?\b|click here|tap here"
    r"|watch:|follow @|download|disclosure|affiliate|vielen dank|thank you for"
    r"|already a subscriber|bereits abonnent|déjà abonné)",
    re.IGNORECASE,
)
#: The same anywhere in a short line: credits behind a caption, offers of a newsletter.
_ASIDE = re.compile(
    r"©|newsletter|kostenlos anmelden|getty images|sign up (?:for|to)\b|subscribe (?:to|now)\b"
    r"|ein fehler ist aufgetreten|enable javascript|supports? javascript|turn off compatibility"
    r"|(?:log|sign) in to (?:continue|read)|to continue reading",
    re.IGNORECASE,
)
_MAX_BOILERPLATE = 160
#: Notices that may be long: about cookies, and offers that begin as such.
_NOTICE = re.compile(
    r"(?:we|wir|nous|our (?:site|website)|this (?:site|website)|diese (?:seite|website)|ce site)"
    r" (?:and our partners |und unsere partner )?"
    r"(?:uses?|verwende(?:n|t)|nutz(?:en|t)|setzen|utilis(?:ons|e)) .{0,60}(?:cookies|témoins)"
    r"|(?:utilizamos|utilizziamo|usamos|questo sito utilizza|este sitio (?:usa|utiliza)) .{0,40}"
    r"cookies?|(?:sign up|subscribe|register) (?:for|to|now|here|today)\b.{0,160}"
    r"(?:newsletter|inbox|email|e-mail|alerts|briefing)|melden sie sich .{0,60}newsletter"
    r"|inscrivez-vous .{0,60}newsletter|suscríb\w+ .{0,60}(?:newsletter|boletín)",
    re.IGNORECASE,
)
_BYLINE = re.compile(
    r"(?:by|von|par|por|di|da|door|av|af|text|autor|author|words?)[: ] ?[A-ZÀ-Þ]", re.IGNORECASE
)
_MAX_BYLINE = 60
_MAX_BYLINE_SPACES = 5
#: What is left of a dropped line that the page broke: it goes on in small letters.
_MAX_REMAINDER = 60
#: A picture's credit in brackets, within or behind a sentence.
_CREDIT = re.compile(
    r" ?[(\[](?:(?:file |ap )?photo|image|picture|foto|bild|credit)s?(?: by| credit| courtesy|[:/])"
    r"[^()\[\]]{1,80}[)\]]",
    re.IGNORECASE,
)
#: What feeds and templates put behind a text.
_TRAILER = re.compile(
    r" ?(?:the post .{1,300} (?:appeared first|first appeared) on .{1,100}"
    r"|(?:continue reading|read more|weiterlesen|lire la suite|leer más|leggi tutto)\b.{0,120})$",
    re.IGNORECASE,
)
#: How feeds mark what they cut.
_CUT = re.compile(r" ?\[(?:…|\.\.\.)\]$")
#: What may stand between a title and the text that repeats it.
_BEHIND_TITLE = " :.|–—-"


def opening_of(text: str, *, title: str, authors: tuple[str, ...]) -> str:
    """Return the first sentences of a body, joined into one line a little longer than is needed.

    `text` has a paragraph a line.
    """
    opening = ""
    for paragraph in _paragraphs(text, title, frozenset(fold(name) for name in authors)):
        opening = f"{opening} {paragraph}" if opening else paragraph
        if len(opening) > _ENOUGH:
            break
    return opening


def said_by(line: str, *, title: str) -> str:
    """Return what a description or summary says, "" when that is nothing but the title."""
    line = _CUT.sub(" ...", _TRAILER.sub("", _CREDIT.sub("", clean_line(line))))
    line = _without_title(_without_dateline(line), title)
    return "" if fold(line) == fold(title) or _NOTICE.match(line) else line


def _paragraphs(text: str, title: str, authors: frozenset[str]) -> Iterator[str]:
    """Yield the paragraphs that are sentences of the article."""
    folded_title = fold(title)
    is_left_out = False
    for line in text.split("\n", _MAX_PARAGRAPHS)[:_MAX_PARAGRAPHS]:
        paragraph = _CREDIT.sub("", clean_line(line))
        folded = fold(paragraph[:_LONG_LINE])
        is_rest = is_left_out and paragraph[:1].islower() and len(paragraph) <= _MAX_REMAINDER
        is_left_out = (
            is_rest or folded in {"", folded_title} or folded in authors or _is_beside(paragraph)
        )
        if not is_left_out:
            yield _without_dateline(_without_title(paragraph, title))


def _without_title(line: str, title: str) -> str:
    """Return a line without the title in front of its first sentence."""
    if not title or not line.casefold().startswith(title.casefold()):
        return line
    rest = line[len(title) :]
    kept = rest.lstrip(_BEHIND_TITLE)
    # "Mill turns again after ninety years" is a sentence that begins like its title.
    return kept if kept and rest != kept and not kept[0].islower() else line


def _without_dateline(paragraph: str) -> str:
    """Return a paragraph without the place, day and agency before its first sentence."""
    if paragraph[:1].isupper() and (agency := _AGENCY.search(paragraph, 0, _LONGEST_DATELINE)):
        return paragraph[agency.end() :]
    dateline = _SIGN.match(paragraph) or _PLACE.match(paragraph)
    return paragraph[dateline.end() :] if dateline else paragraph


def _is_beside(paragraph: str) -> bool:
    """Say whether a line stands beside the news: boilerplate, a byline, a heading."""
    short = len(paragraph) <= _MAX_BOILERPLATE
    if short and (_BOILERPLATE.match(paragraph) or _ASIDE.search(paragraph)):
        return True
    if _NOTICE.match(paragraph):
        return True
    if len(paragraph) <= _MAX_BYLINE and _BYLINE.match(paragraph):
        return paragraph.count(" ") <= _MAX_BYLINE_SPACES
    return len(paragraph) < _LONG_LINE and not _SENTENCE_END.search(paragraph)
