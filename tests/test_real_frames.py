"""Real RGB-D frames against what was measured on them."""

import json
import math

import cv2
import numpy as np
import pytest

from fixtures.plain_facts import PAPER
from spatialvlm.geometry import angle_between, intrinsics
from spatialvlm.pipeline.collect import open_source
from spatialvlm.pipeline.lift import lift
from spatialvlm.pipeline.measure import measure
from spatialvlm.records import Camera, Frame, Instance, Source


def scenes(folder):
    """The lifted scenes of the annotated frames of an RGB-D folder, by frame id."""
    source = open_source(str(folder))
    frames = [source.read(k).frame for k in range(len(source))]
    annotated = [frame for frame in frames if frame.instances is not None]
    return {frame.id: lift(frame).scene for frame in annotated}


def centre(o):
    """The middle of an object's box."""
    return (o.box.low_in_world + o.box.high_in_world) / 2


@pytest.mark.parametrize("name", ["0000", "0007"])
def test_tabletop(assets, name):
    scene = scenes(assets / "rgbd-tabletop")[f"tabletop-{name}"]
    truth = json.loads((assets / "rgbd-tabletop" / "truth" / f"{name}.json").read_text())
    up = np.array(truth["plane_normal_up_in_camera"])
    tilt = angle_between(scene.world_from_camera[2, :3], up / np.linalg.norm(up))
    assert math.degrees(tilt) < 2.0
    assert scene.support.surface == "table top"
    objects = {o.instance.captions[0]: o for o in scene.objects}
    assert objects.keys() == {o["caption"] for o in truth["objects"]}
    distances = [
        abs(np.linalg.norm(centre(objects[p["a"]]) - centre(objects[p["b"]])) - p["distance_m"]) for p in truth["pairs"]
    ]
    assert np.median(distances) <= 0.01
    assert max(distances) <= 0.03
    heights = [abs(objects[o["caption"]].box.high_in_world[2] - o["height_above_table_m"]) for o in truth["objects"]]
    assert np.median(heights) <= 0.005
    assert max(heights) <= 0.015


def test_sizes_of_known_products(assets):
    found = scenes(assets / "rgbd-single-objects")
    extent = {k: s.objects[0].box.high_in_world - s.objects[0].box.low_in_world for k, s in found.items()}
    # Standing upright, so height is a nominal size of the product: 0.190 m and 0.176 m.
    assert extent["single-mustard"][2] == pytest.approx(0.190, abs=0.005)
    assert extent["single-sugar"][2] == pytest.approx(0.176, abs=0.005)


@pytest.mark.parametrize("folder", ["rgbd-tabletop", "rgbd-single-objects"])
def test_no_depth_of_a_sensor_is_taken_for_exact(assets, folder):
    assert {scene.scale_provenance for scene in scenes(assets / folder).values()} == {"sensor"}


def glass_scene(folder, name, kind):
    """A scene of the glass set, one instance a connected piece of its mask."""
    depth = cv2.imread(str(folder / f"{name}-{kind}-depth-img-mm.png"), cv2.IMREAD_UNCHANGED).astype(np.float32) / 1000
    depth[depth == 0] = np.nan
    count, labels = cv2.connectedComponents(cv2.imread(str(folder / f"{name}-mask.png"), 0))
    masks = [labels == k for k in range(1, count) if np.count_nonzero(labels == k) > 200]
    box = np.array([0, 0, 1, 1], np.float32)
    instances = tuple(Instance(str(k), (f"thing {k}",), box, mask) for k, mask in enumerate(masks))
    camera = Camera(intrinsics(921.0, 921.0, 642.0, 359.0), 1280, 720)
    frame = Frame(name, np.zeros((720, 1280, 3), np.uint8), camera, depth, None, instances, Source("glass"))
    return lift(frame)


@pytest.mark.parametrize("name", ["000000080", "000000130"])
def test_glass_is_refused_or_doubted(assets, name):
    opaque = glass_scene(assets / "rgbd-glass", name, "opaque").scene
    glass = glass_scene(assets / "rgbd-glass", name, "transparent")
    true = {o.instance.id: o for o in opaque.objects}
    assert len(true) >= 2
    assert len(glass.scene.objects) <= len(true) / 2, "most glass is refused"
    assert all(d.reason.split(":")[0] in ("depth_missing", "depth_broken", "not_above_support") for d in glass.drops)
    for o in glass.scene.objects:
        seen, real = o.box, true[o.instance.id].box
        error = np.abs(seen.high_in_world - real.high_in_world)
        assert (error < 4 * np.hypot(seen.high_error_m, real.high_error_m)).all(), "what is kept has honest error bars"
    facts = measure(glass.scene, kinds=PAPER)
    assert len(facts) < 0.2 * len(measure(opaque, kinds=PAPER))
