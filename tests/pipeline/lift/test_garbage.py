"""Nonsense in, refusals out: random depth, masks, cameras and gravities never raise, warn or yield a NaN."""

import dataclasses

import numpy as np
import pytest

from fixtures.plain_facts import MEASURED, told
from spatialvlm.geometry import intrinsics
from spatialvlm.pipeline.detect import Detect, DetectConfig
from spatialvlm.pipeline.lift import lift
from spatialvlm.pipeline.measure import measure
from spatialvlm.pipeline.phrase import phrase
from spatialvlm.records import Camera, Drop, Frame, Instance, Source

CLUSTERS = Detect(DetectConfig("clusters"))


def nonsense_depth(rng, height, width):
    """Depth that no camera would send, and some that one might."""
    v, u = np.mgrid[0:height, 0:width]
    kinds = (
        np.full((height, width), 2.0),
        rng.uniform(0.2, 8.0, (height, width)),
        1 / (0.1 + 0.004 * v + 0.002 * u * rng.normal()).clip(1e-3),
        np.where(rng.random((height, width)) < 0.7, np.nan, 1.5),
        rng.choice([1e-3, 0.5, 60.0], (height, width)),
        1 + 0.2 * np.sin(u / 5) + 0.1 * rng.standard_normal((height, width)) ** 2,
        np.full((height, width), np.nan),
    )
    depth_m = kinds[rng.integers(len(kinds))] * (1 + 0.01 * rng.integers(2) * rng.standard_normal((height, width)))
    return np.where(depth_m > 0, depth_m, np.nan).astype(np.float32)


def nonsense_frame(seed):
    """A frame of any size with rectangles for masks, some of them empty or full of holes."""
    rng = np.random.default_rng(seed)
    height, width = int(rng.choice([1, 2, 7, 33, 120, 240])), int(rng.choice([1, 3, 8, 31, 160, 320]))
    instances = []
    for name in range(rng.integers(6)):
        top, bottom = sorted(rng.integers(0, height + 1, 2))
        left, right = sorted(rng.integers(0, width + 1, 2))
        mask = np.zeros((height, width), bool)
        mask[top:bottom, left:right] = rng.random((bottom - top, right - left)) < rng.choice([0.5, 1.0])
        box = np.array([left, top, right, bottom], np.float32)
        instances.append(Instance(str(name), (f"thing {name}",), box, mask))
    down = rng.standard_normal(3)
    gravity = down / np.linalg.norm(down) if rng.random() < 0.5 else None
    camera = Camera(intrinsics(*rng.uniform([20, 20, 0, 0], [2000, 2000, width, height])), width, height)
    image = rng.integers(0, 255, (height, width, 3), dtype=np.uint8)
    depth_m = nonsense_depth(rng, height, width)
    return Frame(f"f{seed}", image, camera, depth_m, gravity, tuple(instances), Source("nonsense"))


@pytest.mark.parametrize("start", range(0, 120, 40))
def test_nonsense_never_raises_and_never_is_nan(start):
    for seed in range(start, start + 40):
        frame = nonsense_frame(seed)
        for seen in (frame, *CLUSTERS.run([dataclasses.replace(frame, instances=None)])):
            if isinstance(seen, Drop):
                continue
            scene = lift(seen).scene
            facts = measure(scene, kinds=MEASURED)
            assert np.isfinite(facts.number[told(facts)]).all()
            assert np.isfinite(facts.error).all()
            assert np.isfinite(scene.world_from_camera).all()
            for o in scene.objects:
                assert np.isfinite(o.points_in_world).all()
                assert np.isfinite([o.box.low_in_world, o.box.high_in_world, o.box.low_error_m]).all()
            assert all(qa.question and qa.answer for qa in phrase(scene, facts, seed).questions)
