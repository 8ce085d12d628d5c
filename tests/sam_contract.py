"""What a model of the SAM family promises. A test module imports these tests and gives the fixture `folder`."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from spatialvlm.inference import Runtime
from spatialvlm.pipeline.detect.cutters import Cutter, load_cutter
from spatialvlm.pipeline.detect.finders import Candidate
from spatialvlm.records import Frame, Source
from spatialvlm.weights import Model

SIZES = ((48, 64), (64, 48), (32, 32), (120, 200), (1, 300), (90, 3), (1, 1))


def cutter_of(folder: Path, **runtime: object) -> Cutter:
    return load_cutter(Model("sam", str(folder)), Runtime(device="cpu", **runtime))


def frame(height: int, width: int, seed: int | None = 0) -> Frame:
    image = np.zeros((height, width, 3), dtype=np.uint8)
    if seed is not None:
        image = np.random.default_rng(seed).integers(0, 256, image.shape, dtype=np.uint8)
    return Frame(f"{height}x{width}", image, None, None, None, None, Source("test"))


def candidates(height: int, width: int, count: int) -> list[Candidate]:
    """Boxes that grow to the whole image."""
    shares = np.linspace(0, 0.8, count + 1)[1:][::-1]
    boxes = [np.array([share * width, share * height, width, height], dtype=np.float32) for share in shares]
    return [Candidate(box, 0.5, ("thing",)) for box in boxes]


def asked() -> tuple[list[Frame], list[list[Candidate]]]:
    """Frames of all sizes, one black, one without candidates, one with more boxes than are decoded at once."""
    frames = [frame(*size, seed=i or None) for i, size in enumerate(SIZES)]
    counts = (3, 0, 20, 1, 2, 1, 1)
    return frames, [candidates(*size, count) for size, count in zip(SIZES, counts)]


def same(one: list[list[np.ndarray]], other: list[list[np.ndarray]]) -> None:
    """The same masks, but for pixels so near to 0 that rounding decides."""
    assert [len(some) for some in one] == [len(some) for some in other]
    for some, others in zip(one, other, strict=True):
        for a, b in zip(some, others, strict=True):
            assert (a != b).mean() < 0.01


def test_contract(folder: Path):
    cutter = cutter_of(folder, batch_size=3)
    frames, boxes = asked()
    before = [one.image.copy() for one in frames]
    masks = cutter(frames, boxes)
    assert isinstance(cutter, Cutter)
    assert cutter.name == folder.name
    assert cutter.version.startswith("sha256:")
    assert [len(some) for some in masks] == [len(some) for some in boxes]
    for one, some, image in zip(frames, masks, before, strict=True):
        np.testing.assert_array_equal(one.image, image)
        for mask in some:
            assert mask.shape == one.image.shape[:2]
            assert mask.dtype == bool
    assert any(mask.any() for mask in masks[0])
    assert cutter([], []) == []


def test_neither_batches_nor_time_matter(folder: Path):
    frames, boxes = asked()
    cutter = cutter_of(folder, batch_size=4)
    first = cutter(frames, boxes)
    for some, again in zip(first, cutter(frames, boxes), strict=True):
        np.testing.assert_array_equal(np.array(some), np.array(again))
    same(first, cutter_of(folder, batch_size=1)(frames, boxes))
    alone = [[cutter([one], [[box]])[0][0] for box in own] for one, own in zip(frames, boxes, strict=True)]
    same(first, alone)


def test_memory_runs_out(folder: Path, monkeypatch: pytest.MonkeyPatch):
    frames, boxes = asked()
    expected = cutter_of(folder)(frames, boxes)
    cutter = cutter_of(folder)
    whole = cutter._model.get_image_embeddings

    def small(pixels):
        if len(pixels) > 1:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 9 GiB")
        return whole(pixels)

    monkeypatch.setattr(cutter._model, "get_image_embeddings", small)
    same(expected, cutter(frames, boxes))
    assert cutter._batches.size == 1


def test_each_image_is_encoded_once(folder: Path, monkeypatch: pytest.MonkeyPatch):
    cutter = cutter_of(folder)
    whole, encoded = cutter._model.get_image_embeddings, []

    def counted(pixels):
        encoded.append(len(pixels))
        return whole(pixels)

    monkeypatch.setattr(cutter._model, "get_image_embeddings", counted)
    cutter(*asked())
    assert sum(encoded) == len(SIZES) - 1
    cutter([frame(48, 64)], [[]])
    assert sum(encoded) == len(SIZES) - 1


def test_half_precision(folder: Path):
    frames, boxes = asked()
    masks = cutter_of(folder, precision="half")(frames, boxes)
    assert [len(some) for some in masks] == [len(some) for some in boxes]


@pytest.mark.parametrize("size", [(96, 128), (128, 96), (64, 64), (240, 40)])
def test_where_masks_lie(folder: Path, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch):
    """A decoder that fills the box it is asked for makes masks that fill our boxes."""
    height, width = size
    cutter = cutter_of(folder)
    centres = torch.arange(32) * 2 + 1.0

    def fill(input_boxes, **_):
        left, top, right, bottom = input_boxes[..., None, None].unbind(2)
        x, y = centres[None, None, None, :], centres[None, None, :, None]
        inside = torch.minimum(torch.minimum(x - left, right - x), torch.minimum(y - top, bottom - y))
        return SimpleNamespace(pred_masks=inside[:, :, None])

    monkeypatch.setattr(cutter._model, "forward", fill)
    shares = [(0.1, 0.2, 0.6, 0.7), (0.0, 0.0, 1.0, 1.0), (0.5, 0.25, 1.0, 1.0)]
    corners = [np.array([a * width, b * height, c * width, d * height], dtype=np.float32) for a, b, c, d in shares]
    masks = cutter([frame(height, width)], [[Candidate(box, 0.5, ()) for box in corners]])[0]
    rows, columns = np.mgrid[:height, :width] + 0.5
    for (left, top, right, bottom), mask in zip(corners, masks, strict=True):
        box = (left <= columns) & (columns <= right) & (top <= rows) & (rows <= bottom)
        assert (box & mask).sum() / (box | mask).sum() > 0.9
