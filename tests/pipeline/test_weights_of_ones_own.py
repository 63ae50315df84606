"""The setting `story_weights`: what an installation trained is what it compares by."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.errors import UsageError
from pipeline.stories.similarity import as_json, shipped_model
from tests.world import FakeWeb, catalogue, opened


def test_trained_weights_take_the_place_of_the_shipped_ones(tmp_path: Path) -> None:
    own = replace(shipped_model(), threshold=0.5)
    (tmp_path / "own.json").write_text(json.dumps(as_json(own)))
    with opened(tmp_path, catalogue([]), FakeWeb(), story_weights="own.json") as ctx:
        assert ctx.model == own
    with opened(tmp_path, catalogue([]), FakeWeb()) as ctx:
        assert ctx.model == shipped_model()


@pytest.mark.parametrize(
    "content", [None, "{", "[]", '{"weights": {}}', '{"weights": {"everything": "much"}}']
)
def test_weights_that_cannot_be_used_are_refused_with_the_remedy(
    tmp_path: Path, content: str | None
) -> None:
    if content is not None:
        (tmp_path / "own.json").write_text(content)
    with (
        pytest.raises(UsageError, match=r"own\.json.*newsloom stories train"),
        opened(tmp_path, catalogue([]), FakeWeb(), story_weights="own.json"),
    ):
        pass


def test_weights_without_embeddings_are_none_for_a_model_with_them(tmp_path: Path) -> None:
    (tmp_path / "own.json").write_text(json.dumps(as_json(shipped_model())))
    changes = {"story_weights": "own.json", "embeddings": "minilm"}
    with (
        pytest.raises(UsageError, match=r"meaning.*--embeddings"),
        opened(tmp_path, catalogue([]), FakeWeb(), **changes),  # type: ignore[arg-type]  # settings
    ):
        pass
