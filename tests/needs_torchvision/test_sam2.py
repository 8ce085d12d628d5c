"""SAM 2 with random weights, as image weights and as the hub's, which call themselves video weights."""

from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from fixtures.models.sam_contract import (  # noqa: F401
    asked,
    mask_model_of,
    same,
    test_contract,
    test_each_image_is_encoded_once,
    test_half_precision,
    test_memory_runs_out,
    test_neither_batches_nor_time_matter,
    test_where_masks_lie,
)
from fixtures.models.tiny_sam import build_sam2

REPEATED = "prompt_encoder.shared_embedding.positional_embedding"


@pytest.fixture(scope="module", params=["image", "video"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of each."""
    return build_sam2(tmp_path_factory.mktemp(request.param), video=request.param == "video")


def test_a_file_of_transformers_4_that_holds_the_shared_embedding_once(folder: Path, tmp_path: Path):
    """It is one matrix in the authors' model: what the file lacks must not be drawn at random."""
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    weights = load_file(tmp_path / "model.safetensors")
    assert any(key.endswith(REPEATED) for key in weights)
    kept = {key: value for key, value in weights.items() if not key.endswith(REPEATED)}
    save_file(kept, tmp_path / "model.safetensors", metadata={"format": "pt"})
    frames, boxes = asked()
    same(mask_model_of(tmp_path)(frames, boxes), mask_model_of(tmp_path)(frames, boxes))
    same(mask_model_of(tmp_path)(frames, boxes), mask_model_of(folder)(frames, boxes))
