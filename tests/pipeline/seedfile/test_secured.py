"""The secured field: deterministic, verifiable, readable by others."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher as BlockCipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC
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
VECTORS = [
    dict(re.findall(r"^(\w+) +(\S+)$", block, flags=re.MULTILINE))
    for block in re.findall(r"```text\n(master.*?)```", DOC, flags=re.DOTALL)
]


@pytest.mark.parametrize("vector", VECTORS, ids=["first", "demo key, full last block"])
def test_the_documented_vectors_hold(vector: dict[str, str]) -> None:
    cipher = Cipher(base64.b64decode(vector["master"]))

    assert cipher.seal(vector["plaintext"].encode()) == vector["secured"]
    assert cipher.unseal(vector["secured"]).decode() == vector["plaintext"]


@pytest.mark.parametrize("vector", VECTORS, ids=["first", "demo key, full last block"])
def test_a_reader_that_was_only_given_k1_reads_the_documented_vectors(
    vector: dict[str, str],
) -> None:
    ciphertext, iv = (base64.b64decode(part) for part in vector["secured"].split(";"))
    decryptor = BlockCipher(AES256(base64.b64decode(vector["k1"])), CBC(iv)).decryptor()
    padded = decryptor.update(ciphertext) + decryptor.finalize()

    assert padded[: -padded[-1]].decode() == vector["plaintext"]
    mac = hmac.digest(base64.b64decode(vector["k2"]), vector["plaintext"].encode(), "sha256")
    assert mac[:16] == iv


def test_the_second_vector_is_of_the_demo_key_and_fills_its_last_block() -> None:
    assert VECTORS[1]["master"] == DEMO_MASTER_KEY
    assert len(VECTORS[1]["plaintext"]) % 16 == 0


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


def test_every_changed_character_is_noticed() -> None:
    value = Cipher(MASTER).seal(b"payload")
    for place, old in enumerate(value):
        for new in "Aa0+/=; \n":
            if new != old:
                with pytest.raises(CipherError):
                    Cipher(MASTER).unseal(value[:place] + new + value[place + 1 :])


def test_it_looks_like_the_published_ones() -> None:
    ciphertext, iv = (base64.b64decode(part) for part in Cipher(MASTER).seal(b"x").split(";"))

    assert len(iv) == 16
    assert len(ciphertext) % 16 == 0


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
    assert read.is_of(b"document")
    assert not read.is_of(b"document ")
    canonical = json.dumps(json.loads(plaintext), sort_keys=True, separators=(",", ":"))
    assert plaintext.decode() == canonical


@pytest.mark.parametrize("plaintext", [b"", b"[]", b'{"v":1}', b"\xff", b"1"])
def test_a_payload_of_another_form_is_refused(plaintext: bytes) -> None:
    with pytest.raises(CipherError, match="no payload of ours"):
        read_payload(plaintext)


def test_a_payload_of_a_later_version_is_refused() -> None:
    plaintext = payload(story_id="s", lead="l", related=[], content=b"")

    with pytest.raises(CipherError, match="version 2"):
        read_payload(plaintext.replace(b'"v":1', b'"v":2'))


@pytest.mark.parametrize(
    "key",
    [
        b"",
        b"short",
        b"x" * 31,
        b"x" * 33,
        bytes(32),
        b"ab" * 16,
        bytes(range(32)),
        bytes(range(0, 224, 7)),
        b"correct horse battery staple !!!",
    ],
)
def test_weak_keys_are_refused_with_a_remedy(key: bytes) -> None:
    with pytest.raises(UsageError, match="newsloom secured new-key"):
        parse_master_key(base64.b64encode(key).decode())


@pytest.mark.parametrize("text", ["not base64 at all!", "Ünïcode", "AAAA\nAAAA"])
def test_keys_that_are_no_base64_are_refused_with_a_remedy(text: str) -> None:
    with pytest.raises(UsageError, match="newsloom secured new-key"):
        parse_master_key(text)


@given(st.binary(min_size=32, max_size=32).map(lambda seed: hashlib.sha256(seed).digest()))
def test_no_random_key_is_taken_for_a_weak_one(key: bytes) -> None:
    assert parse_master_key(new_master_key(key) + "\n") == key


def test_a_cipher_refuses_a_key_of_another_length() -> None:
    with pytest.raises(CipherError, match="32 bytes"):
        Cipher(b"short")


def test_only_the_published_key_is_the_demo_key() -> None:
    assert is_demo_key(parse_master_key(DEMO_MASTER_KEY))
    assert not is_demo_key(OTHER)


@pytest.mark.slow
@pytest.mark.parametrize("vector", VECTORS, ids=["first", "demo key, full last block"])
def test_the_documented_reader_in_javascript_reads_the_vectors(
    vector: dict[str, str], tmp_path: Path
) -> None:
    read = _javascript(tmp_path, vector["secured"], vector["master"])
    other = Cipher(OTHER).seal(vector["plaintext"].encode())
    refused = _javascript(tmp_path, other, vector["master"])

    assert read.returncode == 0, read.stderr
    assert json.loads(read.stdout) == json.loads(vector["plaintext"])
    assert refused.returncode != 0


def _javascript(folder: Path, value: str, master: str) -> subprocess.CompletedProcess[str]:
    """Run the reader of the documentation."""
    node = shutil.which("node")
    assert node, "node is missing: apt install nodejs"
    [code] = re.findall(r"```js\n(.*?)```", DOC, flags=re.DOTALL)
    call = f"console.log(JSON.stringify(readSecured({json.dumps(value)}, {json.dumps(master)})));"
    script = folder / "reader.mjs"
    script.write_text(code + call)
    return subprocess.run(
        [node, str(script)], capture_output=True, text=True, check=False, timeout=60
    )
