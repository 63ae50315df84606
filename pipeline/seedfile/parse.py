"""Pure: the bytes of a seed document -> what it says, for every generation of the format."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from pipeline.errors import SeedFileError
from pipeline.seedfile.document import (
    SeedAmp,
    SeedDocument,
    SeedImage,
    SeedProvider,
    SeedRelated,
    SeedScore,
)
from pipeline.seedfile.fields import Fields
from pipeline.seedfile.render import usual_blocks
from pipeline.seedfile.style import STYLES, URL_KEYS, Style, scalar
from pipeline.seedfile.tree import Listing, Node, Scalar, Table, read_tree
from pipeline.seedfile.values import values_of

#: Larger than any document by far: the longest of 24,246 lists 179 related articles.
_SIZE_LIMIT = 4 * 2**20
_BOM = "\ufeff"
#: YAML 1.1, section 5.1: what no file may hold as it is. Two of 24,246 published files do.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
#: Jekyll and YAML end the front matter here, even within a quoted text.
_END = re.compile(r"(?:---|\.\.\.)(?:\s.*)?")
_TOP_LEVEL = re.compile(rb"^([^\s:#-][^\s:]*):", re.MULTILINE)
#: What `document_of` can say, in either dialect.
_OURS = frozenset(
    b"""
    category title excerpt publishedDateTime type quality heat published featuredContent provider
    topics images related secured sourceUrl ampUrl cdnAmpUrl webUrl ampWebUrl cdnAmpWebUrl
    """.split()
)
_SEED_NAMES, _WEB_NAMES = (
    {style.url, style.amp_url, style.cdn_amp_url} for style in (STYLES["seed"], STYLES["web"])
)


@dataclass(frozen=True, slots=True)
class ParsedSeed:
    """A document and the style it is written in: rendering it so gives the same bytes."""

    document: SeedDocument
    style: Style


def parse(data: bytes) -> ParsedSeed:
    """Read a document of any generation, with either line end.

    Unknown keys are kept. Raise SeedFileError with line and remedy for what is not well-formed.
    """
    text = _decoded(data)
    front = _front_matter(text)
    tree = read_tree(front, first_line=2)
    crlf = 0 < text.count("\r\n") == text.count("\n")
    style = _generation(tree, newline="\r\n" if crlf else "\n")
    document = _document(Fields("", tree), style)
    return ParsedSeed(document, _as_written(document, style, tree, front))


def says_more(data: bytes) -> bool:
    """Say whether a document has keys at its top level that no story of ours gives it."""
    return not _OURS.issuperset(_TOP_LEVEL.findall(data))


def _decoded(data: bytes) -> str:
    """Return the text of a file."""
    if len(data) > _SIZE_LIMIT:
        raise SeedFileError(f"{len(data)} bytes are no seed document; write it again")
    try:
        text = data.decode("utf-8").removeprefix(_BOM)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise SeedFileError("not UTF-8; save the file as UTF-8", line=line) from None
    if found := _FORBIDDEN.search(text):
        line = text[: found.start()].count("\n") + 1
        message = f"holds the control character U+{ord(found.group()):04X}; remove it"
        raise SeedFileError(message, line=line)
    return text


def _front_matter(text: str) -> str:
    """Return what stands between the two lines of dashes."""
    lines = text.replace("\r\n", "\n").split("\n")
    if lines[0].rstrip() != "---":
        raise SeedFileError("a document begins with ---; remove what stands before", line=1)
    ends = (n for n, line in enumerate(lines) if n and _END.fullmatch(line))
    end = next(ends, None)
    if end is None:
        message = "the closing --- is missing, the file is cut short; write it again"
        raise SeedFileError(message, line=len(lines))
    for number, line in enumerate(lines[end + 1 :], end + 2):
        if line.strip():
            message = f"text after the line {lines[end]!r}, which ends the document; remove it"
            raise SeedFileError(message, line=number)
    return "".join(f"{line}\n" for line in lines[1:end])


def _generation(tree: Table, *, newline: str) -> Style:
    """Tell the generation from the names it uses, and whether most addresses are quoted."""
    addresses = list(_addresses(tree))
    names = {key: address.line for key, address in addresses}
    if mixed := sorted(names.keys() & _WEB_NAMES) if names.keys() & _SEED_NAMES else []:
        message = f"{mixed[0]} beside names such as sourceUrl; write one dialect"
        raise SeedFileError(message, line=names[mixed[0]])
    base = STYLES["seed" if names.keys() & _SEED_NAMES else "web"]
    quoted = sum(address.lexeme.startswith('"') for _, address in addresses)
    return replace(base, quoted_urls=2 * quoted > len(addresses), newline=newline)


def _addresses(node: Node) -> Iterator[tuple[str, Scalar]]:
    """Yield every address in a tree with its key."""
    if isinstance(node, Listing):
        for member in node.members:
            yield from _addresses(member)
    elif isinstance(node, Table):
        for key, value in node.values.items():
            if isinstance(value, Scalar):
                if key in URL_KEYS:
                    yield key, value
            else:
                yield from _addresses(value)


def _as_written(document: SeedDocument, style: Style, tree: Table, front: str) -> Style:
    """Return `style` with what is unusual about this file."""
    values = values_of(document, style)
    blocks = _blocks(tree, front)
    return replace(
        style,
        blocks=() if blocks == usual_blocks(values) else blocks,
        spellings=dict(_spellings("", values, tree, style)),
    )


def _blocks(tree: Table, front: str) -> tuple[tuple[str, ...], ...]:
    """Return the top-level keys block by block, as blank lines part them."""
    lines = front.split("\n")
    blocks: list[list[str]] = [[]]
    for key, line in tree.lines.items():
        # The tree counts from 2: the first line of `front` is the file's second.
        if line > tree.line and not lines[line - 3].strip():
            blocks.append([])
        blocks[-1].append(key)
    return tuple(tuple(block) for block in blocks)


def _spellings(
    key: str, value: Any, node: Node, style: Style
) -> Iterator[tuple[tuple[str, str], str]]:
    """Yield (key, our spelling) and the file's, wherever the two differ."""
    if isinstance(node, Table) and isinstance(value, dict):
        for name, part in value.items():
            yield from _spellings(name, part, node.values[name], style)
    elif isinstance(node, Listing) and isinstance(value, list):
        for part, member in zip(value, node.members, strict=True):
            yield from _spellings(key, part, member, style)
    elif isinstance(node, Scalar) and isinstance(value, str | int):
        ours = scalar(key, value, style)
        if ours != node.lexeme and "\n" not in node.lexeme:
            yield (key, ours), node.lexeme


def _document(fields: Fields, style: Style) -> SeedDocument:
    """Read the top level."""
    return SeedDocument(
        category=fields.text("category"),
        title=fields.text("title"),
        excerpt=fields.text("excerpt"),
        published_at=fields.time("publishedDateTime"),
        original_url=fields.optional_text("originalUrl"),
        url=fields.optional_text(style.url),
        amp=_amp(fields, style),
        type=fields.text("type"),
        score=_score(fields),
        removed=fields.optional_truth("removed"),
        featured_content=fields.optional_text("featuredContent"),
        provider=_provider(fields.part("provider")),
        topics=fields.texts("topics"),
        tags=fields.texts("tags"),
        images=tuple(_image(image) for image in fields.parts("images")),
        related=tuple(_related(related, style) for related in fields.parts("related")),
        secured=fields.optional_text("secured"),
        extra=fields.rest(),
    )


def _related(fields: Fields, style: Style) -> SeedRelated:
    """Read one related article."""
    return SeedRelated(
        title=fields.text("title"),
        excerpt=fields.text("excerpt"),
        published_at=fields.time("publishedDateTime"),
        url=fields.text(style.url),
        amp=_amp(fields, style),
        type=fields.text("type"),
        provider=_provider(fields.part("provider")),
        quality=fields.number("quality"),
        images=tuple(_image(image) for image in fields.parts("images")),
        extra=fields.rest(),
    )


def _provider(fields: Fields) -> SeedProvider:
    """Read a provider."""
    return SeedProvider(
        name=fields.text("name"),
        domain=fields.text("domain"),
        images=tuple(_image(image) for image in fields.parts("images")),
        extra=fields.rest(),
    )


def _image(fields: Fields) -> SeedImage:
    """Read a picture."""
    return SeedImage(
        url=fields.text("url"),
        width=fields.number("width"),
        height=fields.number("height"),
        is_cached=fields.optional_truth("isCached"),
        title=fields.optional_text("title"),
        extra=fields.rest(),
    )


def _amp(fields: Fields, style: Style) -> SeedAmp | None:
    """Read both AMP addresses; one alone is an error."""
    if not fields.together(style.amp_url, style.cdn_amp_url):
        return None
    return SeedAmp(url=fields.text(style.amp_url), cdn_url=fields.text(style.cdn_amp_url))


def _score(fields: Fields) -> SeedScore | None:
    """Read the three keys that come together."""
    if not fields.together("quality", "heat", "published"):
        return None
    return SeedScore(
        quality=fields.number("quality"),
        heat=fields.number("heat"),
        published=fields.truth("published"),
    )
