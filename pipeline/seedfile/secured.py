"""Pure: the `secured` field, ``base64(ciphertext);base64(IV)``.

AES-256-CBC with PKCS#7 padding, as published files look. The IV is synthetic: the first 16 bytes
of HMAC-SHA256(k2, plaintext). That makes the value the same on every run, and lets whoever holds
the key see whether it was changed, which CBC alone does not. Any CBC reader with k1 can read it.
Both keys come from one master key by HKDF-SHA256 (RFC 5869).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher as BlockCipher
from cryptography.hazmat.primitives.ciphers import algorithms, modes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.padding import PKCS7

from pipeline.errors import CipherError, UsageError

#: Bytes of a master key and of each key made from it (AES-256).
KEY_BYTES = 32
_BLOCK = 16
_BLOCK_BITS = 8 * _BLOCK
_ENCRYPTION = b"newsloom secured v1 encryption"
_IV = b"newsloom secured v1 iv"
#: Version of the payload's form.
_PAYLOAD_VERSION = 1
#: Fewer different bytes, or steps from one to the next, do not come from a source of randomness.
_DISTINCT = 12
#: Published on purpose: the demo's documents are the same everywhere. `run` refuses it.
DEMO_MASTER_KEY = base64.b64encode(hashlib.sha256(b"newsloom demo master key").digest()).decode()


class Cipher:
    """Seals and opens the field with one master key; opens with earlier ones too."""

    def __init__(self, master_key: bytes, previous: Sequence[bytes] = ()) -> None:
        """Derive the keys. Master keys have 32 bytes."""
        self._rings = [
            (_derive(key, _ENCRYPTION), _derive(key, _IV)) for key in (master_key, *previous)
        ]

    @property
    def name(self) -> str:
        """Return what tells this key from another and nothing else about it."""
        return hmac.digest(self._rings[0][1], b"newsloom secured v1 name", "sha256").hex()[:32]

    def seal(self, plaintext: bytes) -> str:
        """Return the field's value; the same plaintext gives the same value."""
        encryption_key, iv_key = self._rings[0]
        iv = _synthetic_iv(iv_key, plaintext)
        padder = PKCS7(_BLOCK_BITS).padder()
        padded = padder.update(plaintext) + padder.finalize()
        encryptor = BlockCipher(algorithms.AES(encryption_key), modes.CBC(iv)).encryptor()
        return _joined(encryptor.update(padded) + encryptor.finalize(), iv)

    def unseal(self, value: str) -> bytes:
        """Return the plaintext. Raise CipherError when no key made this value."""
        ciphertext, iv = _split(value)
        for encryption_key, iv_key in self._rings:
            plaintext = _decrypt(encryption_key, ciphertext, iv)
            if plaintext is not None and hmac.compare_digest(_synthetic_iv(iv_key, plaintext), iv):
                return plaintext
        raise CipherError("the secured value was made with another key, or changed since")


def _derive(master_key: bytes, label: bytes) -> bytes:
    """Return one of the two keys."""
    if len(master_key) != KEY_BYTES:
        raise CipherError(f"a master key has {KEY_BYTES} bytes, this one {len(master_key)}")
    hkdf = HKDF(algorithm=hashes.SHA256(), length=KEY_BYTES, salt=None, info=label)
    return hkdf.derive(master_key)


def _synthetic_iv(iv_key: bytes, plaintext: bytes) -> bytes:
    """Return the IV that belongs to a plaintext."""
    return hmac.digest(iv_key, plaintext, "sha256")[:_BLOCK]


def _split(value: str) -> tuple[bytes, bytes]:
    """Return ciphertext and IV."""
    first, _, second = value.partition(";")
    try:
        ciphertext = base64.b64decode(first, validate=True)
        iv = base64.b64decode(second, validate=True)
    except (binascii.Error, ValueError) as error:
        raise CipherError(f"the secured value is no base64;base64: {error}") from None
    # Base64 has spare bits: other texts decode to the same bytes, and none of them is ours.
    if _joined(ciphertext, iv) != value:
        raise CipherError("the secured value is no base64;base64; the file was changed")
    if len(iv) != _BLOCK or not ciphertext or len(ciphertext) % _BLOCK:
        raise CipherError("the secured value has not the length of one; the file was changed")
    return ciphertext, iv


def _joined(ciphertext: bytes, iv: bytes) -> str:
    """Return the field's value."""
    return f"{base64.b64encode(ciphertext).decode()};{base64.b64encode(iv).decode()}"


def _decrypt(key: bytes, ciphertext: bytes, iv: bytes) -> bytes | None:
    """Return the plaintext, None when the padding shows another key."""
    decryptor = BlockCipher(algorithms.AES(key), modes.CBC(iv)).decryptor()
    padded = decryptor.update(ciphertext) + decryptor.finalize()
    unpadder = PKCS7(_BLOCK_BITS).unpadder()
    try:
        return unpadder.update(padded) + unpadder.finalize()
    except ValueError:
        return None


def payload(*, story_id: str, lead: str, related: Sequence[str], content: bytes) -> bytes:
    """Return what the field hides: canonical JSON of the ids and of the document's hash.

    `content` is the document rendered without the field.
    """
    values = {
        "v": _PAYLOAD_VERSION,
        "story": story_id,
        "lead": lead,
        "related": list(related),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    return json.dumps(values, sort_keys=True, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """What a secured value says."""

    version: int
    story_id: str
    lead: str
    related: tuple[str, ...]
    #: Of the document without the field.
    sha256: str

    def is_of(self, content: bytes) -> bool:
        """Say whether `content`, a document rendered without the field, is what was sealed."""
        return hashlib.sha256(content).hexdigest() == self.sha256


def read_payload(plaintext: bytes) -> Payload:
    """Read an opened value. Raise CipherError when it is of no form we know."""
    try:
        values = json.loads(plaintext)
        version = values["v"]
        read = Payload(
            version=version,
            story_id=values["story"],
            lead=values["lead"],
            related=tuple(values["related"]),
            sha256=values["sha256"],
        )
    except (ValueError, KeyError, TypeError) as error:
        raise CipherError(f"the secured value holds no payload of ours: {error!r}") from None
    if version != _PAYLOAD_VERSION:
        raise CipherError(f"the payload has version {version}; a later newsloom can read it")
    return read


def parse_master_key(text: str) -> bytes:
    """Read a master key: 32 random bytes in base64. Raise UsageError for anything weaker.

    Zeros, repetitions, counting and passphrases are told from randomness; the odds that a random
    key is taken for one of them are below 1e-12.
    """
    remedy = "make one with `newsloom secured new-key`"
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        raise UsageError(f"the master key is no base64; {remedy}") from None
    if len(key) != KEY_BYTES:
        raise UsageError(f"the master key has {len(key)} bytes in place of {KEY_BYTES}; {remedy}")
    steps = {(after - before) % 256 for before, after in pairwise(key)}
    if len(set(key)) < _DISTINCT or len(steps) < _DISTINCT or _is_text(key):
        raise UsageError(f"the master key is not random; {remedy}")
    return key


def _is_text(key: bytes) -> bool:
    """Say whether a key is a phrase that somebody typed."""
    return key.isascii() and key.decode("ascii").isprintable()


def new_master_key(random_bytes: bytes) -> str:
    """Return a master key as it is stored, from 32 bytes of the system's randomness."""
    key = base64.b64encode(random_bytes).decode()
    parse_master_key(key)
    return key


def is_demo_key(master_key: bytes) -> bool:
    """Say whether a key is the published one."""
    return hmac.compare_digest(master_key, base64.b64decode(DEMO_MASTER_KEY))
