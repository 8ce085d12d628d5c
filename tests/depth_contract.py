"""Frames to estimate the depth of, and what every depth model must keep."""

from collections.abc import Sequence

import numpy as np

from spatialvlm.pipeline.lift.depth import DepthModel, Estimate
from spatialvlm.records import Camera, Frame, Source


def frame(height: int, width: int, seed: int = 0, camera: Camera | None = None) -> Frame:
    """A frame of noise that varies slowly."""
    coarse = np.random.default_rng(seed).integers(0, 256, (height // 8 + 1, width // 8 + 1, 3), np.uint8)
    image = np.ascontiguousarray(np.kron(coarse, np.ones((8, 8, 1), np.uint8))[:height, :width])
    return Frame(f"frame-{seed}", image, camera, None, None, None, Source("test"))


def black(height: int, width: int) -> Frame:
    return Frame("black", np.zeros((height, width, 3), np.uint8), None, None, None, None, Source("test"))


def camera(focal_px: float, width: int, height: int, provenance: str = "calibration") -> Camera:
    matrix = np.array([[focal_px, 0, width / 2], [0, focal_px, height / 2], [0, 0, 1.0]])
    return Camera(matrix, width, height, provenance)  # pyright: ignore[reportArgumentType]


FRAMES = (frame(48, 64), frame(100, 60, 1), black(48, 64), frame(32, 32, 2), frame(48, 64, 3))


def same(some: Sequence[Estimate], others: Sequence[Estimate], tolerance: float = 1e-3) -> None:
    for one, other in zip(some, others, strict=True):
        np.testing.assert_allclose(one.depth, other.depth, rtol=tolerance)
        assert one.focal_px == other.focal_px or np.isclose(one.focal_px or 0, other.focal_px or 0, rtol=tolerance)


def check_promises(model: DepthModel, invariance: str) -> None:
    """What the Protocol says, on frames of several sizes, a black one and a tiny one among them."""
    assert isinstance(model, DepthModel)
    assert model.name
    assert model.version.startswith("sha256:")
    assert model.errors.scale >= 0
    assert model.errors.local > 0
    assert model.errors.source
    copies = [one.image.copy() for one in FRAMES]
    estimates = model(FRAMES)
    for one, copy, estimate in zip(FRAMES, copies, estimates, strict=True):
        np.testing.assert_array_equal(one.image, copy)
        assert estimate.depth.shape == one.image.shape[:2]
        assert estimate.depth.dtype == np.float32
        assert np.all((estimate.depth > 0) | np.isnan(estimate.depth))
        assert np.isfinite(estimate.depth).any()
        assert estimate.invariance == invariance
        assert estimate.focal_px is None or estimate.focal_px > 0
    same(estimates, model(FRAMES), tolerance=0)
    same(estimates, [model([one])[0] for one in FRAMES])
    assert model([]) == []
