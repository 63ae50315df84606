"""Hostile documents of every form, for whoever reads what we write."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import strategies as st

from pipeline.plaintext import clean_line
from pipeline.seedfile.document import (
    SeedAmp,
    SeedDocument,
    SeedImage,
    SeedProvider,
    SeedRelated,
    SeedScore,
)
from pipeline.urls import resolve
from tests.pipeline.seedfile.world import HOSTILE, texts

#: One of the traps is 100,000 characters long; ten thousand documents need no more than this.
_LONGEST = 400

lines = st.one_of(st.sampled_from(HOSTILE), texts).map(lambda text: clean_line(text[:_LONGEST]))
names = lines.map(lambda text: text or "No")
domains = st.one_of(
    st.sampled_from(["one.example", "411.example", "xn--bcher-kva.example", "10.0.0.1", "no"]),
    names,
)
moments = st.datetimes(datetime(1970, 1, 1), datetime(2099, 12, 31)).map(  # noqa: DTZ001 -- next line
    lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
)
numbers = st.integers(-1, 999_999)
_STARTS = (
    "https://one.example", "http://one.example:8080/a", "https://411.example/1:30",
    "https://[2001:db8::1]", "https://bücher.example", "https://no/",
)  # fmt: skip
_RESTS = (
    "/a", "/a?b=c&amp;d", "/x y", '/"', "/ü", "/#a: b #c", ":", "/a:", "/{{ x }}", "/a,b", "/[a]",
    "/%7B%7B", "/?a=b: c", "/'", "/*", "/&a", "/!", "/|", "/>", "/@", "/`", "/-", "/---",
)  # fmt: skip
addresses = (
    st.tuples(st.sampled_from(_STARTS), st.one_of(st.sampled_from(_RESTS), texts))
    .map(lambda parts: resolve("", parts[0] + parts[1][:_LONGEST]))
    .filter(lambda url: url is not None)
)
images = st.builds(
    SeedImage,
    url=addresses,
    width=numbers,
    height=numbers,
    is_cached=st.none() | st.booleans(),
    title=st.none() | names,
)
logos = st.builds(
    SeedImage,
    url=st.just("/assets/images/organizations/one.example-50x50.jpg") | addresses,
    width=st.just(50),
    height=st.just(50),
)
amps = st.none() | st.builds(SeedAmp, url=addresses, cdn_url=addresses)
pictures = st.lists(images, max_size=1).map(tuple)
related = st.builds(
    SeedRelated,
    title=names,
    excerpt=lines,
    published_at=moments,
    url=addresses,
    type=st.sampled_from(["article", "video"]) | names,
    provider=st.builds(SeedProvider, name=names, domain=domains),
    quality=numbers,
    amp=amps,
    images=pictures,
)
documents = st.builds(
    SeedDocument,
    category=st.just("news"),
    title=names,
    excerpt=lines,
    published_at=moments,
    url=addresses,
    original_url=st.none() | addresses,
    amp=amps,
    type=st.sampled_from(["article", "video"]) | names,
    score=st.none() | st.builds(SeedScore, quality=numbers, heat=numbers, published=st.booleans()),
    removed=st.none() | st.booleans(),
    featured_content=st.none() | names,
    provider=st.builds(
        SeedProvider, name=names, domain=domains, images=st.lists(logos, max_size=1).map(tuple)
    ),
    topics=st.lists(names, max_size=3).map(tuple),
    tags=st.lists(names, max_size=2).map(tuple),
    images=pictures,
    related=st.lists(related, max_size=2).map(tuple),
    secured=st.none() | st.just("QQ==;QQ=="),
)
