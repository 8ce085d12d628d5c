"""Models in a few lines of numpy: what a photo needs for a scene, without weights and at once.

Three things stand on a floor that a camera looks down at; where they stand depends on the colour of the picture, so
that a mixed-up frame is noticed.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow.parquet as pq
import pytest

from spatialvlm.engine.stages import Stages
from spatialvlm.inference import Batches, Runtime
from spatialvlm.pipeline.detect import DetectConfig
from spatialvlm.pipeline.detect.finders import Candidate
from spatialvlm.pipeline.lift import SenseConfig
from spatialvlm.pipeline.lift.depth import Estimate
from spatialvlm.recipe import Recipe
from spatialvlm.records import DepthErrors, Frame
from spatialvlm.weights import Model

NAMES = ("red chair", "small table", "floor lamp")
TILT_RAD, HEIGHT_M = 0.6, 1.5


def boxes_of(image: np.ndarray) -> np.ndarray:
    """Three boxes, moved a little by the colour of the picture's corner."""
    height, width = image.shape[:2]
    moved = float(image[0, 0].sum()) / 765 * 0.06
    shares = [[0.05, 0.4, 0.25, 0.7], [0.38, 0.3, 0.6, 0.62], [0.68, 0.45, 0.9, 0.85]]
    return (np.array(shares, np.float32) + np.float32(moved)) * np.array([width, height] * 2, np.float32)


def ellipse_in(box: np.ndarray, height: int, width: int) -> np.ndarray:
    """The mask of the ellipse that fills a box."""
    x0, y0, x1, y1 = box.tolist()
    y, x = np.mgrid[:height, :width] + 0.5
    return ((2 * x - x0 - x1) / (x1 - x0)) ** 2 + ((2 * y - y0 - y1) / (y1 - y0)) ** 2 <= 1


class Stub:
    """What the stubs share: batches, frames that were seen, and frames that fail."""

    version = "1"

    def __init__(self, size: int = 8, most: int = 1000, failing: Callable[[Sequence[str]], None] | None = None) -> None:
        self.batches, self.most, self.failing = Batches(size), most, failing
        self.calls: list[int] = []

    def run(self, see: Callable[..., Any], items: Sequence[Any], ids: Sequence[str]) -> list[Any]:
        self.calls.append(len(items))
        if self.failing is not None:
            self.failing(ids)

        def some(batch: Sequence[Any]) -> list[Any]:
            if len(batch) > self.most:
                raise MemoryError(f"{len(batch)} images")
            return [see(item) for item in batch]

        return self.batches(some, items)


class StubFinder(Stub):
    name = "stub-finder"

    def __call__(self, frames: Sequence[Frame]) -> list[list[Candidate]]:
        def find(frame: Frame) -> list[Candidate]:
            boxes = zip(boxes_of(frame.image), NAMES, strict=True)
            return [Candidate(box, 0.9 - 0.1 * i, (name,)) for i, (box, name) in enumerate(boxes)]

        return self.run(find, frames, [frame.id for frame in frames])


class StubCutter(Stub):
    name = "stub-cutter"

    def __call__(self, frames: Sequence[Frame], candidates: Sequence[Sequence[Candidate]]) -> list[list[np.ndarray]]:
        def cut(pair: tuple[Frame, Sequence[Candidate]]) -> list[np.ndarray]:
            frame, some = pair
            return [ellipse_in(one.box_xyxy, *frame.image.shape[:2]) for one in some]

        return self.run(cut, list(zip(frames, candidates, strict=True)), [frame.id for frame in frames])


class StubDepth(Stub):
    name, errors = "stub-depth", DepthErrors(0.05, 0.01, source="made up")

    def __call__(self, frames: Sequence[Frame]) -> list[Estimate]:
        return self.run(partial(_estimate), frames, [frame.id for frame in frames])


def _estimate(frame: Frame) -> Estimate:
    """A floor, and upright bumps on it where the boxes are."""
    height, width = frame.image.shape[:2]
    focal_px = 0.8 * max(height, width)
    down = np.arctan((np.arange(height) + 0.5 - height / 2) / focal_px) + TILT_RAD
    rows_m = HEIGHT_M * np.cos(down - TILT_RAD) / np.sin(np.maximum(down, 0.1))
    depth_m = np.repeat(rows_m[:, None], width, axis=1)
    for box in boxes_of(frame.image):
        foot = min(int(box[3]), height - 1)
        mask = ellipse_in(box, height, width)
        bump = 0.05 * np.sin(np.linspace(0, np.pi, width))[None, :]
        depth_m[mask] = (np.full_like(depth_m, rows_m[foot]) - bump)[mask]
    return Estimate(depth_m.astype(np.float32), "metric", focal_px, 0.05)


def loaders(finder: Any = None, cutter: Any = None, depth: Any = None) -> dict[str, Any]:
    """What to put in place of the real loaders, by the name of each."""
    finder, cutter, depth = finder or StubFinder(), cutter or StubCutter(), depth or StubDepth()
    return {
        "spatialvlm.pipeline.detect.found.load_finder": lambda *_: finder,
        "spatialvlm.pipeline.detect.found.load_cutter": lambda *_: cutter,
        "spatialvlm.pipeline.lift.sense.load_depth": lambda *_: depth,
    }


def stub_recipe(photos: Path, **settings: Any) -> Recipe:
    """A recipe for a folder of photos; the weights are a file beside it."""
    weights = photos.parent / "stub.weights"
    weights.write_bytes(b"none")
    model = Model("stub", str(weights))
    detect = DetectConfig("boxes", find=model, cut=model)
    return Recipe(str(photos), detect=detect, sense=SenseConfig(depth=model), **settings)


def stub_stages(recipe: Recipe, runtime: Runtime | None = None) -> Stages:
    """The stages with stub models, in a process of its own as well."""
    from importlib import import_module

    for name, loader in loaders().items():
        module, _, function = name.rpartition(".")
        setattr(import_module(module), function, loader)
    return Stages(recipe, runtime)


def write_photos(folder: Path, count: int, sizes: Sequence[tuple[int, int]] = ((96, 72),), first: int = 0) -> Path:
    """Photos of noise, each of another colour, of these widths and heights in turn."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(first, first + count):
        width, height = sizes[number % len(sizes)]
        rng = np.random.default_rng(number)
        coarse = rng.integers(0, 256, (6, 8, 3), np.uint8)
        image = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
        (folder / f"photo-{number:06d}.jpg").write_bytes(cv2.imencode(".jpg", image)[1].tobytes())
    return folder


@pytest.fixture(autouse=True)
def stubs(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Stub models, and no thread left behind."""
    use(monkeypatch)
    before = threading.active_count()
    yield
    assert threading.active_count() == before


def use(monkeypatch: pytest.MonkeyPatch, **models: Any) -> None:
    for name, loader in loaders(**models).items():
        monkeypatch.setattr(name, loader)


def rows(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """What is stored, by frame."""
    found: dict[str, list[dict[str, Any]]] = {}
    for name in ("scenes", "qa"):
        parts = sorted((folder / name).iterdir())
        found[name] = [row for part in parts for row in pq.read_table(part).to_pylist()]
    return found


def without(stored: dict[str, list[dict[str, Any]]], *ids: str) -> dict[str, list[dict[str, Any]]]:
    return {name: [row for row in some if row["frame_id"] not in ids] for name, some in stored.items()}


def drops(folder: Path) -> list[tuple[str, str, str]]:
    return [(row["stage"], row["id"], row["reason"]) for row in pq.read_table(folder / "drops.parquet").to_pylist()]
