"""Documents that say what a careless theme would run."""

from __future__ import annotations

from dataclasses import replace

from pipeline.plaintext import clean_line
from pipeline.seedfile.document import SeedDocument
from tests.pipeline.seedfile.world import DOCUMENT, HOSTILE, RELATED

#: What a page of Jekyll's could trip over, beside what trips YAML.
_TEMPLATES = (
    "{{ site.title }}", "{{ 'x' | upcase }}", "{% raw %}", "{% endraw %}{{ site.title }}",
    "{% for %}", "{{", "{%", "}}", "{{- page.url -}}", "{% include tab.html url='/' name='x' %}",
    "<script>alert(1)</script>", "</title><script>alert(1)</script>", '"><img src=x onerror=a()>',
    "' onmouseover='a()", "<!-- ", "]]>", "&lt;b&gt;", "&amp;amp;", "&quot;", "a --- b", "--- a: b",
    "# Heading", "* list", "[link](javascript:a)", "![x](y)", "`code`", "$$x$$", ":smile:",
    "👩‍👩‍👧 🇩🇪 \U0001faf1🏽", "مرحبا بالعالم: 123 (abc)", 'שלום עולם "abc"',
    "The ", "The A", "a" * 500,
)  # fmt: skip
TEXTS = sorted({text for text in map(clean_line, (*HOSTILE, *_TEMPLATES)) if text})


def saying(text: str) -> SeedDocument:
    """Return a document that says one text wherever it can."""
    provider = replace(DOCUMENT.provider, name=text, images=())
    return replace(
        DOCUMENT,
        title=text,
        excerpt=text,
        provider=provider,
        topics=(text,),
        type="video",
        featured_content=text,
        images=(replace(DOCUMENT.images[0], title=text),),
        related=(replace(RELATED, title=text, excerpt=text, provider=provider),),
    )


#: A document of the same form whose text means nothing to anyone.
PLAIN = saying("Plain")
