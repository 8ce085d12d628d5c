"""SAM 2 with random weights, as image weights and as the hub's, which call themselves video weights."""

from pathlib import Path

import pytest

from sam_contract import (  # noqa: F401
    test_contract,
    test_each_image_is_encoded_once,
    test_half_precision,
    test_memory_runs_out,
    test_neither_batches_nor_time_matter,
    test_where_masks_lie,
)
from tiny_sam import build_sam2


@pytest.fixture(scope="module", params=["image", "video"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of each."""
    return build_sam2(tmp_path_factory.mktemp(request.param), video=request.param == "video")
