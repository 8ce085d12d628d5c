"""SAM and SAM-HQ with random weights."""

from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

from fixtures.models.sam_contract import (  # noqa: F401
    mask_model_of,
    test_contract,
    test_each_image_is_encoded_once,
    test_half_precision,
    test_memory_runs_out,
    test_neither_batches_nor_time_matter,
    test_where_masks_lie,
)
from fixtures.models.tiny_grounding import build_owl
from fixtures.models.tiny_sam import build_sam, build_sam2
from spatialvlm.errors import UserError


@pytest.fixture(scope="module", params=["sam", "sam_hq"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of each."""
    return build_sam(tmp_path_factory.mktemp(request.param), hq=request.param == "sam_hq")


def test_weights_that_cannot_be_used(tmp_path: Path):
    with pytest.raises(UserError, match="no such file"):
        mask_model_of(tmp_path / "absent")
    with pytest.raises(UserError, match="architecture"):
        mask_model_of(build_owl(tmp_path / "owl"))


def test_torchvision_is_named_where_it_is_missing(tmp_path: Path):
    from transformers.utils import is_torchvision_available

    if is_torchvision_available():
        pytest.skip("torchvision is installed")
    with pytest.raises(UserError, match="pip install torchvision"):
        mask_model_of(build_sam2(tmp_path / "sam2"))
