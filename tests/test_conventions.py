"""Every statement of docs/conventions.md: each test quotes its sentence, and no list item goes untested."""

import dataclasses
import math
import re
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

import spatialvlm as sv
from fixtures.plain_facts import MEASURED, kinds_of
from spatialvlm import quantities
from spatialvlm.geometry import (
    heading_in_camera,
    intrinsics,
    invert,
    pixel_rays,
    project,
    transform,
    unproject,
    world_from_camera,
)
from spatialvlm.kinds import KINDS
from spatialvlm.pipeline.collect import open_source
from spatialvlm.pipeline.collect.shapes import ShapesSource
from spatialvlm.pipeline.lift import LiftConfig
from spatialvlm.pipeline.lift.box import PERCENTILES, percentile_faces
from spatialvlm.records import Frame, Scene
from spatialvlm.worlds.solids import Body, SceneDescription, Sphere, frame_of

ROOT = Path(__file__).parents[1]
PAGE = " ".join((ROOT / "docs/conventions.md").read_text(encoding="utf-8").split())
ITEMS = re.findall(r"^- (.+)$", (ROOT / "docs/conventions.md").read_text(encoding="utf-8"), re.MULTILINE)
QUOTED: list[str] = []

CAMERA = intrinsics(500.0, 510.0, 320.0, 240.0)


def says(*sentences: str) -> Callable:
    """Mark a test with the sentences of the page that it asserts."""
    for sentence in sentences:
        assert sentence in PAGE, f"docs/conventions.md does not say: {sentence}"
    QUOTED.extend(sentences)
    return lambda test: test


def test_every_item_is_quoted_by_a_test():
    silent = [item for item in ITEMS if not any(sentence in item for sentence in QUOTED)]
    assert not silent, silent


@pytest.fixture(scope="module")
def frame() -> Frame:
    frame = ShapesSource(46).read(45).frame
    assert frame is not None
    return frame


@pytest.fixture(scope="module")
def scene(frame: Frame) -> Scene:
    return lifted(frame)


def lifted(frame: Frame) -> Scene:
    scene = sv.lift(frame).scene
    assert scene is not None
    return scene


def up_at(pitch_deg: float, roll_deg: float) -> np.ndarray:
    pitch, roll = math.radians(pitch_deg), math.radians(roll_deg)
    level = math.cos(pitch)
    return -np.array([math.sin(roll) * level, math.cos(roll) * level, math.sin(pitch)])


@says("All numbers are SI: metres and radians.", "knows other units.")
def test_units():
    code = ROOT / "src/spatialvlm"
    table = re.compile(r"0\.3048|0\.0254|0\.9144")
    found = sorted(p.relative_to(code).as_posix() for p in code.rglob("*.py") if table.search(p.read_text("utf-8")))
    assert found == ["quantities/lengths_in_words.py"]
    assert quantities.METER.metres == 1.0


@says("A transform is called `a_from_b` and maps column vectors of b to a", "so names that touch are equal")
def test_transforms():
    world = world_from_camera(up_at(30, 10), 1.2)
    camera_from_object = np.eye(4)
    camera_from_object[:3, 3] = 0.1, 0.2, 1.5
    point = np.array([[0.3, -0.2, 0.4]])
    by_columns = world @ camera_from_object @ np.append(point[0], 1.0)
    assert np.allclose(transform(world @ camera_from_object, point)[0], by_columns[:3])
    assert np.allclose(transform(invert(world), transform(world, point)), point)


@says("and are rows of (n, 3) arrays.")
def test_points_are_rows(scene: Scene):
    assert all(o.points_in_world.shape[1:] == (3,) for o in scene.objects)
    assert unproject(np.ones((4, 6), np.float32), CAMERA).shape == (24, 3)


@says("Arrays are indexed (row, column), shape (height, width).")
def test_arrays_and_points(frame: Frame):
    assert frame.camera is not None
    assert frame.depth_m is not None
    assert frame.image.shape[:2] == frame.depth_m.shape == (frame.camera.height, frame.camera.width)


@says("the centre of the pixel in column c and row r is (c + 0.5, r + 0.5).")
def test_pixel_centres():
    rays = pixel_rays(CAMERA, np.array([7]), np.array([11]))
    assert np.allclose(project(CAMERA, 2.0 * rays), [[11.5, 7.5]])
    assert np.allclose(pixel_rays(CAMERA, np.array([[7], [8]]), np.array([10, 11]))[0, 1], rays)


@says("a lone pixel in column c and row r has the box (c, r, c + 1, r + 1).")
def test_boxes(frame: Frame):
    from spatialvlm.pipeline.collect.mask_files import mask_box

    mask = np.zeros((8, 9), bool)
    mask[3, 5] = True
    assert mask_box(mask).tolist() == [5, 3, 6, 4]
    for instance in frame.instances or ():
        assert isinstance(instance.mask, np.ndarray)
        assert instance.box_xyxy.tolist() == mask_box(instance.mask).tolist()


@says("Resizing an image by s multiplies fx, fy, cx, cy and all boxes by s, with nothing to add.")
def test_resizing():
    larger = np.diag([2.0, 2.0, 1.0]) @ CAMERA
    points = np.array([[0.3, -0.2, 1.4], [0.0, 0.1, 2.0]])
    assert np.allclose(project(larger, points), 2.0 * project(CAMERA, points))
    corner = np.array([[4.0, 2.0]])  # of a pixel, and after resizing still of one
    image = np.zeros((6, 8), np.uint8)
    image[2, 4] = 255
    twice = cv2.resize(image, None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST)
    rows, columns = np.nonzero(twice)
    assert [columns.min(), rows.min()] == (2.0 * corner[0]).tolist()


@says("The camera is a pinhole without distortion: x points right, y down, z forward.", "u = fx x / z + cx")
def test_camera_axes():
    (centre, right, down) = project(CAMERA, np.array([[0.0, 0.0, 2.0], [0.1, 0.0, 2.0], [0.0, 0.1, 2.0]]))
    assert centre.tolist() == [320.0, 240.0]
    assert right[0] > centre[0]
    assert right[1] == centre[1]
    assert down[1] > centre[1]
    x, y, z = 0.3, -0.2, 1.7
    assert np.allclose(project(CAMERA, np.array([[x, y, z]])), [[500 * x / z + 320, 510 * y / z + 240]])
    assert np.isnan(project(CAMERA, np.array([[0.0, 0.0, -1.0]]))).all()


@says("Depth is z along the optical axis, not the length of the ray. NaN is unknown.")
def test_depth_is_z():
    depth_m = np.full((480, 640), 2.0, np.float32)
    depth_m[0, 1] = np.nan
    points = unproject(depth_m, CAMERA)
    assert len(points) == depth_m.size - 1
    assert (points[:, 2] == 2.0).all()


@says("Depth of another size and the same shape is resized by nearest neighbour; of another shape it is refused.")
def test_depth_is_registered(tmp_path: Path):
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((6, 8, 3), np.uint8))
    np.save(tmp_path / "a.npy", np.arange(1, 13, dtype=np.float32).reshape(3, 4))
    np.save(tmp_path / "b.npy", np.ones((3, 5), np.float32))
    (tmp_path / "frames.jsonl").write_text(
        '{"id": "a", "image": "a.png", "depth": "a.npy"}\n{"id": "b", "image": "a.png", "depth": "b.npy"}'
    )
    resized, refused = (open_source(str(tmp_path)).read(index) for index in range(2))
    assert resized.frame is not None
    assert resized.frame.depth_m is not None
    assert resized.frame.depth_m[:2, :4].tolist() == [[1, 1, 2, 2], [1, 1, 2, 2]]
    assert refused.drops[0].reason.startswith("depth_size:")


@says("The world is right-handed: x points right, y along the viewer's heading, z up.")
@says("The origin lies on the support plane straight below the camera, so that z is the height above the plane")
@pytest.mark.parametrize(("pitch", "roll"), [(5, 0), (30, 10), (60, -15), (85, 3)])
def test_world(pitch: float, roll: float):
    up = up_at(pitch, roll)
    world = world_from_camera(up, 1.3)
    assert np.linalg.det(world[:3, :3]) == pytest.approx(1.0)
    assert np.allclose(world[:3, 3], [0, 0, 1.3])
    ahead = world[:3, :3] @ np.array([0.0, 0.0, 1.0])
    assert ahead[0] == pytest.approx(0.0, abs=1e-12)
    assert ahead[1] > 0
    assert np.allclose(world[:3, :3] @ up, [0, 0, 1])
    on_plane = -1.3 * up + 0.7 * np.cross(up, [1.0, 0.0, 0.0])
    assert transform(world, on_plane[None])[0, 2] == pytest.approx(0.0, abs=1e-12)


@says("y = (z − (z·u) u) / |z − (z·u) u| and x = y × u.")
def test_heading():
    u, z = up_at(25, 8), np.array([0.0, 0.0, 1.0])
    y = z - (z @ u) * u
    y /= np.linalg.norm(y)
    rotation = world_from_camera(u, 1.0)[:3, :3]
    assert np.allclose(rotation[1], y)
    assert np.allclose(rotation[0], np.cross(y, u))


@says("A camera that looks straight down has no such heading; there it is the image's own up.")
def test_straight_down():
    assert np.allclose(heading_in_camera(np.array([0.0, 0.0, -1.0])), [0, -1, 0])


@says("`gravity_in_camera` points down, of any length in a file and of length 1 in a `Frame`.")
def test_gravity(tmp_path: Path):
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((6, 8, 3), np.uint8))
    (tmp_path / "frames.jsonl").write_text('{"id": "a", "image": "a.png", "gravity_in_camera": [0, 9.81, 0]}')
    frame = sv.collect(str(tmp_path))[0].frame
    assert frame is not None
    assert frame.gravity_in_camera is not None
    assert frame.gravity_in_camera.tolist() == [0, 1, 0]
    assert np.allclose(world_from_camera(-frame.gravity_in_camera, 1.0)[2, :3], [0, -1, 0])


def without_plane(frame: Frame) -> Frame:
    """Only the objects' own depth is left."""
    seen = np.zeros(frame.image.shape[:2], bool)
    for instance in frame.instances or ():
        assert isinstance(instance.mask, np.ndarray)
        seen |= instance.mask
    assert frame.depth_m is not None
    return dataclasses.replace(frame, depth_m=np.where(seen, frame.depth_m, np.float32(np.nan)))


@says("Gravity unknown: the world is the camera turned, x = x_camera, y = z_camera, z = −y_camera")
@says("and every kind that needs gravity is withheld.")
def test_gravity_unknown():
    balls = tuple(Body((Sphere((x, 1.8 + x, 0.4), 0.12),)) for x in (-0.5, 0.4))  # nothing level, nothing upright
    alone = frame_of(SceneDescription(bodies=balls, floor=False), "balls", picture=False)
    scene = lifted(dataclasses.replace(alone, gravity_in_camera=None))
    assert scene.gravity is None
    x, y, z = 0.1, 0.2, 3.0
    assert transform(scene.world_from_camera, np.array([[x, y, z]]))[0].tolist() == [x, z, -y]
    facts = sv.measure(scene, kinds=MEASURED)
    asked = kinds_of(facts)
    assert asked
    assert not [name for name in asked if KINDS[name].needs_gravity]
    assert facts.in_frame == "camera"


@says("Gravity known but no plane found: the camera is at the origin, and heights above a plane are withheld.")
def test_no_plane(frame: Frame):
    scene = lifted(without_plane(frame))
    assert scene.gravity == "given"
    assert scene.support.surface is None
    assert scene.support.refusal
    assert scene.world_from_camera[:3, 3].tolist() == [0, 0, 0]
    facts = sv.measure(scene, kinds=MEASURED)
    assert "elevation" not in kinds_of(facts)
    assert facts.refusals["elevation", "no_support_plane"] == len(scene.objects)


@says("a rotation of the camera about the vertical does not change the world coordinates of what turns with it.")
def test_viewer_frame():
    up, point = up_at(20, 0), np.array([[0.4, 0.1, 2.0]])
    yaw = 1.1
    about_up = np.eye(4)
    about_up[:2, :2] = [[math.cos(yaw), -math.sin(yaw)], [math.sin(yaw), math.cos(yaw)]]
    room_from_camera = about_up @ world_from_camera(up, 1.0)  # the same camera, turned in a fixed room
    point_in_room = transform(room_from_camera, point)
    assert not np.allclose(point_in_room, transform(world_from_camera(up, 1.0), point))
    point_in_camera = transform(invert(room_from_camera), point_in_room)
    up_in_camera = room_from_camera[:3, :3].T @ np.array([0.0, 0.0, 1.0])
    again = transform(world_from_camera(up_in_camera, 1.0), point_in_camera)
    assert np.allclose(again, transform(world_from_camera(up, 1.0), point))


@says("reaches from the 1st to the 99th percentile of its clean visible points along each.")
@says("It is the box of what is seen: nothing is completed behind.")
def test_box(frame: Frame, scene: Scene):
    assert PERCENTILES == (1.0, 99.0)
    cloud = np.random.default_rng(0).normal(size=(5001, 3))
    assert np.allclose(percentile_faces(cloud), np.percentile(cloud, (1, 99), axis=0), atol=1e-12)
    without_ends = sv.lift(frame, LiftConfig(rules=1)).scene  # else exact depth keeps its outermost points too
    assert without_ends is not None
    for o in without_ends.objects:  # 512 of its points stand for thousands
        slack = 0.005 + 0.15 * (o.box.high_in_world - o.box.low_in_world)
        assert (o.points_in_world.max(axis=0) >= o.box.high_in_world - slack).all(), o.instance.id
        assert (o.points_in_world.max(axis=0) <= o.box.high_in_world + slack).all(), o.instance.id
        assert (o.points_in_world.min(axis=0) >= o.box.low_in_world - slack).all(), o.instance.id
    ball = next(o for o in scene.objects if o.instance.captions[0] == "red ball")
    width, depth, _ = ball.box.high_in_world - ball.box.low_in_world
    assert depth < 0.75 * width


@says("The box of an object that stands on the support plane reaches down to z = 0.")
def test_standing(scene: Scene):
    standing = [o for o in scene.objects if o.bottom == "support"]
    assert standing
    assert all(o.box.low_in_world[2] == 0.0 for o in standing)


@says("Every face of a box has an error of its own, 1 sigma, in metres.")
def test_face_errors(scene: Scene):
    for o in scene.objects:
        assert o.box.low_error_m.shape == o.box.high_error_m.shape == (3,)
        assert (o.box.low_error_m > 0).all()
        assert (o.box.high_error_m > 0).all()


@pytest.mark.slow
@says("All chance in questions comes from a generator seeded by (run seed, frame id)")
@says("nor the number of workers nor the size of the shards matters.")
def test_chance(tmp_path: Path):
    alone = [questions for _, questions in built(tmp_path / "a", "shapes:3", workers=1, shard_size=3)]
    spread = [questions for _, questions in built(tmp_path / "b", "shapes:3", workers=2, shard_size=1)]
    assert alone == spread
    frame = sv.collect("shapes:3")[2].frame
    assert frame is not None
    assert frame.id == "shapes-000002"
    scene = lifted(frame)
    assert list(sv.phrase(scene, sv.measure(scene, kinds=MEASURED), seed=7).questions) == alone[2]
    assert list(sv.phrase(scene, sv.measure(scene, kinds=MEASURED), seed=8).questions) != alone[2]


def built(folder: Path, source: str, *, workers: int, shard_size: int) -> list:
    sv.build(source, folder, workers=workers, shard_size=shard_size, seed=7)
    return list(sv.read(folder).questions())


@says("cx_ours = cx + 0.5 and cy_ours = cy + 0.5; fx and fy stay.")
def test_from_opencv():
    theirs = intrinsics(500.0, 510.0, 319.5, 239.5)
    points = np.array([[0.3, -0.2, 1.4], [0.0, 0.1, 2.0]])
    in_theirs, _ = cv2.projectPoints(points, np.zeros(3), np.zeros(3), theirs, np.zeros(5))
    ours = theirs + np.array([[0, 0, 0.5], [0, 0, 0.5], [0, 0, 0]])
    assert np.allclose(project(ours, points), in_theirs[:, 0] + 0.5)


@says("A box (x, y, w, h) becomes (x, y, x + w, y + h).", "becomes (x0, y0, x1 + 1, y1 + 1).")
def test_from_other_boxes():
    mask = np.zeros((20, 30), bool)
    mask[4:9, 6:21] = True
    from spatialvlm.pipeline.collect.mask_files import mask_box

    x, y, w, h = cv2.boundingRect(mask.view(np.uint8))
    rows, columns = np.nonzero(mask)
    last = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
    assert mask_box(mask).tolist() == [x, y, x + w, y + h] == last


@says("Depth along the ray becomes z by z = d / √(1 + ((u − cx) / fx)² + ((v − cy) / fy)²).")
def test_from_ray_length():
    point = np.array([[0.5, -0.3, 2.0]])
    ((u, v),) = project(CAMERA, point)
    d = np.linalg.norm(point)
    assert d / math.sqrt(1 + ((u - 320) / 500) ** 2 + ((v - 240) / 510) ** 2) == pytest.approx(2.0)


@says("p_ours = diag(1, −1, −1) p_theirs.")
def test_from_opengl():
    turned = np.diag([1.0, -1.0, -1.0])
    assert np.linalg.det(turned) == pytest.approx(1.0)
    above, ahead = np.array([0.0, 1.0, 0.0]), np.array([0.0, 0.0, -1.0])  # y up, looking along -z
    assert (turned @ above).tolist() == [0, -1, 0]
    assert (turned @ ahead).tolist() == [0, 0, 1]


@says("gravity is Rᵀ · down: Rᵀ (0, 0, −1) where the world is z-up, Rᵀ (0, −1, 0) where it is y-up.")
@says("A world-to-camera rotation is used without the transpose.")
@says("If that camera is y-up, turn the result by diag(1, −1, −1).")
def test_from_poses():
    frame = frame_of(ShapesSource(46).describe(45), "a")
    true = frame.gravity_in_camera
    z_up = world_from_camera(-true, 1.0)[:3, :3]
    assert np.allclose(z_up.T @ [0, 0, -1], true)
    y_up = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]]) @ z_up  # the same room with y up
    assert np.allclose(y_up.T @ [0, -1, 0], true)
    assert np.allclose(np.linalg.inv(z_up) @ [0, 0, -1], true)
    turned = np.diag([1.0, -1.0, -1.0])
    theirs = y_up @ turned  # columns: the axes of a y-up camera
    assert np.allclose(turned @ theirs.T @ [0, -1, 0], true)
