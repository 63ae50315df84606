"""Bytes to text, whatever was declared."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.charsets import decode

GREETING = "<a>Grüße – “naïve” café</a>"
RUSSIAN = "<a>Срочные новости этого часа</a>"
JAPANESE = "<a>速報：東京で新しい駅が開業しました</a>"


def _declared(text: str, encoding: str) -> str:
    return f'<?xml version="1.0" encoding="{encoding}"?>{text}'


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be", "utf-16-le", "utf-32"])
def test_unicode_is_read_with_and_without_its_mark(encoding: str) -> None:
    assert decode(GREETING.encode(encoding)) == GREETING


@pytest.mark.parametrize(
    ("text", "encoding", "label"),
    [
        (GREETING, "cp1252", "windows-1252"),
        (GREETING, "cp1252", "ISO-8859-1"),
        (RUSSIAN, "cp1251", "windows-1251"),
        (RUSSIAN, "koi8-r", "KOI8-R"),
        (JAPANESE, "cp932", "Shift_JIS"),
        (JAPANESE, "euc_jp", "EUC-JP"),
        (JAPANESE, "iso2022_jp", "ISO-2022-JP"),
        ("<a>突发新闻：地铁新线开通</a>", "gb18030", "gb2312"),
        ("<a>속보: 새 지하철 노선 개통</a>", "cp949", "ks_c_5601-1987"),
    ],
)
def test_declared_encodings_are_read(text: str, encoding: str, label: str) -> None:
    document = _declared(text, label)

    assert decode(document.encode(encoding)) == document
    assert decode(text.encode(encoding), content_type=f"text/xml; charset={label}") == text


@pytest.mark.parametrize("label", ["iso-8859-1", "windows-1251", "utf-16", "us-ascii", "x-no-such"])
def test_what_decodes_as_utf8_is_utf8_whatever_is_declared(label: str) -> None:
    document = _declared(GREETING, label)

    assert decode(document.encode(), content_type=f'text/xml; charset="{label}"') == document


def test_latin_bytes_declared_as_utf8_are_repaired() -> None:
    document = _declared(GREETING, "utf-8")

    assert decode(document.encode("cp1252"), content_type="text/xml; charset=utf-8") == document


def test_a_few_latin_bytes_in_utf8_are_repaired_alone() -> None:
    mixed = RUSSIAN.encode() + "é–".encode("cp1252")

    assert decode(mixed) == f"{RUSSIAN}é–"


def test_a_few_bad_bytes_do_not_spoil_a_declared_encoding() -> None:
    body = JAPANESE.encode("cp932") * 20 + b"\xff"

    assert decode(body, content_type="text/xml; charset=shift_jis").startswith(JAPANESE * 20)


def test_a_declared_encoding_that_does_not_fit_is_not_used() -> None:
    body = (GREETING * 5).encode("cp1252")

    assert decode(body, content_type="text/xml; charset=euc-kr") == GREETING * 5


def test_the_western_encoding_that_servers_say_of_everything_counts_least() -> None:
    body = _declared(RUSSIAN, "windows-1251").encode("cp1251")

    assert RUSSIAN in decode(body, content_type="text/xml; charset=iso-8859-1")
    body = _declared(RUSSIAN, "iso-8859-1").encode("cp1251")
    assert RUSSIAN in decode(body, content_type="text/xml; charset=windows-1251")


@pytest.mark.parametrize(
    "label", ["utf-7", "punycode", "idna", "unicode_escape", "zlib", "cp037", "../../x", "x" * 99]
)
def test_encodings_of_no_feed_are_not_used(label: str) -> None:
    body = _declared("<a>+ADw-script+AD4- \\x3c xn--</a>", label).encode() + b"\xe9"

    assert decode(body, content_type=f"text/xml; charset={label}") == body.decode("cp1252")


def test_megabytes_of_bad_bytes_are_quick() -> None:
    started = time.process_time()
    decode(bytes(range(128, 256)) * 30_000)
    decode(b"abcdefghijk\xe9" * 300_000)

    assert time.process_time() - started < 5


@given(body=st.binary(max_size=200), content_type=st.text(max_size=40))
def test_every_body_has_a_text(body: bytes, content_type: str) -> None:
    decode(body, content_type=content_type).encode("utf-8", "strict")


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=200))
def test_utf8_comes_back_as_it_was(text: str) -> None:
    assert decode(f"<a>{text}".encode()) == f"<a>{text}"
