"""The secured field: deterministic, verifiable, readable by others."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import CipherError, UsageError
from pipeline.seedfile.secured import (
    DEMO_MASTER_KEY,
    Cipher,
    is_demo_key,
    new_master_key,
    parse_master_key,
    payload,
    read_payload,
)
from tests.conftest import ROOT

MASTER = bytes(range(32))
OTHER = hashlib.sha256(b"another").digest()
DOC = (ROOT / "docs" / "format.md").read_text()
VECTOR = dict(re.findall(r"^(master|plaintext|k1|iv|secured) +(\S+)$", DOC, flags=re.MULTILINE))


def test_the_documented_vector_holds() -> None:
    cipher = Cipher(base64.b64decode(VECTOR["master"]))

    assert cipher.seal(VECTOR["plaintext"].encode()) == VECTOR["secured"]
    assert VECTOR["secured"].endswith(";" + VECTOR["iv"])


@given(st.binary(max_size=300))
def test_what_is_sealed_opens_and_is_the_same_each_time(plaintext: bytes) -> None:
    value = Cipher(MASTER).seal(plaintext)

    assert value == Cipher(MASTER).seal(plaintext)
    assert Cipher(MASTER).unseal(value) == plaintext


def test_every_changed_bit_is_noticed() -> None:
    value = Cipher(MASTER).seal(b"a payload of more than one block, surely")
    parts = [base64.b64decode(part) for part in value.split(";")]
    for which in (0, 1):
        for bit in range(8 * len(parts[which])):
            changed = bytearray(parts[which])
            changed[bit // 8] ^= 1 << (bit % 8)
            both = [*parts]
            both[which] = bytes(changed)
            text = ";".join(base64.b64encode(part).decode() for part in both)
            with pytest.raises(CipherError):
                Cipher(MASTER).unseal(text)


def test_another_key_does_not_open_it_and_an_earlier_one_does() -> None:
    value = Cipher(MASTER).seal(b"payload")

    with pytest.raises(CipherError, match="another key"):
        Cipher(OTHER).unseal(value)
    assert Cipher(OTHER, previous=[MASTER]).unseal(value) == b"payload"


@given(st.text(max_size=100))
def test_no_text_whatever_opens_by_accident(value: str) -> None:
    with pytest.raises(CipherError):
        Cipher(MASTER).unseal(value)


def test_the_payload_says_what_it_was_made_of() -> None:
    plaintext = payload(story_id="k3v9", lead="1-a", related=["1-b", "1-c"], content=b"document")
    read = read_payload(plaintext)

    assert (read.story_id, read.lead, read.related) == ("k3v9", "1-a", ("1-b", "1-c"))
    assert len(read.sha256) == 64
    with pytest.raises(CipherError):
        read_payload(b'{"v":1}')


@pytest.mark.parametrize(
    "text",
    ["", "short", "not base64 at all!", base64.b64encode(b"x" * 31).decode(),
     base64.b64encode(bytes(32)).decode(), base64.b64encode(b"ab" * 16).decode()],
)  # fmt: skip
def test_weak_keys_are_refused_with_a_remedy(text: str) -> None:
    with pytest.raises(UsageError, match="newsloom secured new-key"):
        parse_master_key(text)


def test_a_new_key_is_read_back() -> None:
    assert parse_master_key(new_master_key(OTHER) + "\n") == OTHER
    assert is_demo_key(parse_master_key(DEMO_MASTER_KEY))
    assert not is_demo_key(OTHER)


@pytest.mark.slow
def test_the_documented_reader_in_javascript_reads_the_vector(tmp_path: Path) -> None:
    node = shutil.which("node")
    assert node, "node is missing: apt install nodejs"
    [code] = re.findall(r"```js\n(.*?)```", DOC, flags=re.DOTALL)
    call = f"console.log(JSON.stringify(readSecured({VECTOR['secured']!r}, {VECTOR['master']!r})));"
    script = tmp_path / "reader.mjs"
    script.write_text(code + call)

    answer = subprocess.run([node, str(script)], capture_output=True, text=True, check=True)

    assert json.loads(answer.stdout) == json.loads(VECTOR["plaintext"])
