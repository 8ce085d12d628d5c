"""The analytic scenes are exact: all other tests lean on them."""

import itertools
import math
from dataclasses import replace

import cv2
import numpy as np
import pytest

from spatialvlm.errors import UserError
from spatialvlm.geometry import invert, pixel_rays, project, transform, unproject, world_from_camera
from spatialvlm.pipeline.collect import open_source
from spatialvlm.pipeline.collect.shapes import ShapesSource
from spatialvlm.worlds.solids import (
    Body,
    Cuboid,
    Cylinder,
    HalfSpace,
    SceneDescription,
    Sphere,
    frame_of,
    ray_cast,
    table,
    truth_of,
)
from spatialvlm.worlds.solids.primitives import hit, levels
from spatialvlm.worlds.solids.scene import surfaces

INDICES = range(12)


@pytest.fixture(scope="module")
def scenes():
    source = ShapesSource(len(INDICES))
    return [source.describe(index) for index in INDICES]


@pytest.fixture(scope="module")
def casts(scenes):
    return [ray_cast(scene) for scene in scenes]


@pytest.fixture(scope="module")
def frames(scenes):
    """Without pictures."""
    return [frame_of(scene, f"shapes-{index:06d}", picture=False) for index, scene in enumerate(scenes)]


def signed_distance(solid, points):
    """Written apart from the ray caster: negative inside, in metres."""
    offset = points - np.array(solid.centre_in_world)
    if isinstance(solid, Sphere):
        return np.linalg.norm(offset, axis=1) - solid.radius_m
    if isinstance(solid, Cylinder):
        radial = np.hypot(offset[:, 0], offset[:, 1]) - solid.radius_m
        excess = np.stack([radial, np.abs(offset[:, 2]) - solid.height_m / 2], axis=1)
    else:
        along = np.array([math.cos(solid.yaw_rad), math.sin(solid.yaw_rad), 0.0])
        across = np.array([-math.sin(solid.yaw_rad), math.cos(solid.yaw_rad), 0.0])
        local = np.stack([offset @ along, offset @ across, offset[:, 2]], axis=1)
        excess = np.abs(local) - np.array(solid.size_m) / 2
    return np.linalg.norm(np.maximum(excess, 0), axis=1) + np.minimum(excess.max(axis=1), 0)


def distance_to(thing, points):
    return np.min([signed_distance(part, points) for part in thing.parts], axis=0)


def points_in_world(frame, camera_height_m, mask):
    pose = world_from_camera(-frame.gravity_in_camera, camera_height_m)
    return transform(pose, unproject(frame.depth_m, frame.camera.image_from_camera, mask))


def surface_samples(solid, rng, count=400):
    """Points of a solid's surface and a few inside, from a cube of noise moved onto it."""
    match solid:
        case Sphere(centre, radius):
            direction = rng.normal(size=(count, 3))
            return np.array(centre) + radius * direction / np.linalg.norm(direction, axis=1, keepdims=True)
        case Cylinder(centre, radius, height):
            angle, level = rng.uniform(0, 2 * np.pi, count), rng.uniform(-0.5, 0.5, count) * height
            return np.array(centre) + np.stack([radius * np.cos(angle), radius * np.sin(angle), level], axis=1)
        case Cuboid(centre, size, yaw):
            unit = rng.uniform(-0.5, 0.5, (count, 3))
            axis = rng.integers(3, size=count)
            unit[np.arange(count), axis] = np.sign(unit[np.arange(count), axis]) * 0.5
            turn = np.array([[math.cos(yaw), -math.sin(yaw), 0], [math.sin(yaw), math.cos(yaw), 0], [0, 0, 1]])
            return np.array(centre) + (unit * np.array(size)) @ turn.T


@pytest.mark.parametrize("index", INDICES)
def test_points_of_an_object_lie_on_its_surface(index, scenes, frames):
    scene, frame = scenes[index], frames[index]
    for instance in frame.instances:
        thing = scene.bodies[int(instance.id) - 1]
        points = points_in_world(frame, scene.camera_height_m, instance.mask)
        assert np.abs(distance_to(thing, points)).max() < 1e-6
        assert instance.captions == thing.captions


@pytest.mark.parametrize("index", INDICES)
def test_floor_pixels_satisfy_the_plane(index, scenes, casts):
    scene, cast = scenes[index], casts[index]
    floor = cast.surface == sum(len(thing.parts) for thing in scene.bodies)
    points = transform(scene.world_from_camera, unproject(cast.depth_m, scene.image_from_camera, floor))
    assert floor.any()
    assert np.abs(points[:, 2]).max() < 1e-9


@pytest.mark.parametrize("index", INDICES)
def test_everything_seen_is_in_front_of_everything_else(index, scenes, casts):
    """No point of the depth map hides another: along each ray no solid is entered before the depth that is given."""
    scene, cast = scenes[index], casts[index]
    rng = np.random.default_rng(index)
    rows, columns = rng.integers(scene.height, size=300), rng.integers(scene.width, size=300)
    rays = pixel_rays(scene.image_from_camera, rows, columns)
    depth = np.nan_to_num(cast.depth_m[rows, columns], nan=scene.far_m)
    for part in (0.2, 0.5, 0.8, 0.95, 0.999):
        points = transform(scene.world_from_camera, rays * (part * depth)[:, None])
        assert points[:, 2].min() > 0
        assert all(distance_to(thing, points).min() > 0 for thing in scene.bodies)


@pytest.mark.parametrize("index", INDICES)
def test_things_do_not_intersect(index, scenes):
    rng = np.random.default_rng(index)
    for one, other in itertools.permutations(scenes[index].bodies, 2):
        for part in one.parts:
            assert distance_to(other, surface_samples(part, rng)).min() > -1e-12
    for thing, wall in itertools.product(scenes[index].bodies, scenes[index].walls):
        points = np.concatenate([surface_samples(part, rng) for part in thing.parts])
        assert (points @ np.array(wall.normal_in_world)).min() > wall.offset_m


@pytest.mark.parametrize("index", INDICES)
def test_things_stand_on_the_floor_or_on_a_table(index, scenes):
    tops = [thing.parts[0] for thing in scenes[index].bodies if "table" in thing.captions]
    heights = [0.0] + [top.centre_in_world[2] + top.size_m[2] / 2 for top in tops]
    for thing in scenes[index].bodies:
        lowest = min(levels(part)[0] for part in thing.parts)
        assert min(abs(lowest - level) for level in heights) < 1e-12


@pytest.mark.parametrize("index", INDICES)
def test_masks_and_boxes(index, scenes, casts, frames):
    frame, cast = frames[index], casts[index]
    assert 3 <= len(frame.instances) == len(scenes[index].bodies) <= 12
    for place, instance in enumerate(frame.instances):
        assert instance.id == str(place + 1)
        np.testing.assert_array_equal(instance.mask, cast.index == place)
        assert np.count_nonzero(instance.mask) >= 60
        rows, columns = np.nonzero(instance.mask)
        box = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        np.testing.assert_array_equal(instance.box_xyxy, box)
        assert all(1 <= len(caption.split()) <= 4 for caption in instance.captions)
    np.testing.assert_array_equal(frame.depth_m, cast.depth_m.astype(np.float32))


def test_projected_corners_bound_the_mask_of_a_cuboid():
    """The masks agree with `geometry.project`, which the ray caster doesn't use."""
    solid = Cuboid((0.1, 2.0, 0.3), (0.4, 0.3, 0.6), 0.4)
    scene = SceneDescription((Body((solid,)),), roll_rad=0.2)
    half = np.array(list(itertools.product((-1, 1), repeat=3))) * np.array(solid.size_m) / 2
    turn = np.array([[math.cos(0.4), -math.sin(0.4), 0], [math.sin(0.4), math.cos(0.4), 0], [0, 0, 1]])
    in_world = half @ turn.T + np.array(solid.centre_in_world)
    in_camera = transform(invert(scene.world_from_camera), in_world)
    pixels = project(scene.image_from_camera, in_camera)
    box = frame_of(scene, "one", picture=False).instances[0].box_xyxy
    np.testing.assert_allclose(box, [*pixels.min(axis=0), *pixels.max(axis=0)], atol=1.0)


@pytest.mark.parametrize("index", INDICES)
def test_camera_and_gravity_are_those_of_the_description(index, scenes, frames):
    """The camera's axes, put together here from pitch and roll, against what `geometry` makes of gravity."""
    scene, gravity = scenes[index], frames[index].gravity_in_camera
    pitch, roll = scene.pitch_rad, scene.roll_rad
    forward = np.array([0, math.cos(pitch), -math.sin(pitch)])
    right, down = np.array([1.0, 0, 0]), np.array([0, -math.sin(pitch), -math.cos(pitch)])
    x = math.cos(roll) * right + math.sin(roll) * down
    y = math.cos(roll) * down - math.sin(roll) * right
    pose = world_from_camera(-gravity, scene.camera_height_m)
    np.testing.assert_allclose(pose[:3, :3], np.stack([x, y, forward], axis=1), atol=1e-12)
    np.testing.assert_allclose(pose, scene.world_from_camera, atol=0)
    np.testing.assert_allclose(pose[:3, :3] @ gravity, [0, 0, -1], atol=1e-12)
    assert np.linalg.norm(gravity) == pytest.approx(1, abs=1e-15)
    assert 5 <= math.degrees(pitch) <= 60
    assert abs(math.degrees(roll)) <= 15


@pytest.fixture(scope="module")
def pictured():
    return ShapesSource(8).read(7).frame


def test_a_frame_does_not_depend_on_the_count_or_on_what_was_read_before(pictured, frames):
    alone, before = open_source("shapes:1000").read(7).frame, ShapesSource(8).read(6).frame
    assert alone.id == "shapes-000007"
    np.testing.assert_array_equal(alone.image, pictured.image)
    assert alone.depth_m.tobytes() == frames[7].depth_m.tobytes()
    assert alone.source == pictured.source
    assert alone.source.licence == "CC0-1.0"
    assert not np.array_equal(before.image, alone.image)


def test_a_frame_without_a_picture_has_the_same_truth(pictured, frames, scenes):
    known = truth_of(scenes[7], "shapes-000007")
    for frame in (frames[7], known.frame):
        assert not frame.image.any()
        assert frame.source.image_bytes == b""
        np.testing.assert_array_equal(frame.depth_m, pictured.depth_m)
        np.testing.assert_array_equal(frame.gravity_in_camera, pictured.gravity_in_camera)
        for one, other in zip(frame.instances, pictured.instances, strict=True):
            assert (one.id, one.captions) == (other.id, other.captions)
            np.testing.assert_array_equal(one.mask, other.mask)


@pytest.mark.parametrize("index", INDICES)
def test_what_is_seen_of_a_body_lies_in_its_true_box(index, scenes):
    known = truth_of(scenes[index], "one")
    np.testing.assert_array_equal(known.world_from_camera, scenes[index].world_from_camera)
    assert known.boxes.keys() == known.supports.keys()
    assert len(known.boxes) == len(scenes[index].bodies)
    for instance in known.frame.instances:
        points = points_in_world(known.frame, scenes[index].camera_height_m, instance.mask)
        low, high = known.boxes[instance.id]
        assert (points > low - 1e-5).all()
        assert (points < high + 1e-5).all()
        assert known.supports[instance.id] == low[2]


def test_the_png_is_the_image(pictured):
    decoded = cv2.imdecode(np.frombuffer(pictured.source.image_bytes, np.uint8), cv2.IMREAD_COLOR_RGB)
    np.testing.assert_array_equal(decoded, pictured.image)
    assert pictured.source.image_path == "shapes-000007.png"


LIT = {
    "box": (Cuboid((0.0, 2.0, 0.3), (0.8, 0.6, 0.6)), (0.0, 2.0, 0.6), (0.0, 1.7, 0.3)),
    "turned box": (Cuboid((0.0, 2.0, 0.3), (0.8, 0.6, 0.6), math.pi / 2), (0.0, 2.0, 0.6), (0.0, 1.6, 0.3)),
    "cylinder": (Cylinder((0.0, 2.0, 0.3), 0.45, 0.6), (0.0, 2.0, 0.6), (0.0, 1.55, 0.3)),
    "ball": (Sphere((0.0, 2.0, 0.4), 0.4), (0.0, 1.9, 0.787), (0.0, 1.6, 0.4)),
}


@pytest.mark.parametrize("name", LIT)
def test_what_faces_the_light_is_brighter_and_all_has_its_colour(name):
    solid, *in_world = LIT[name]
    from_above = SceneDescription(
        (Body((solid,), colour_rgb=(200, 100, 50)),), width=160, height=120, towards_light_in_world=(0.0, 0.0, 1.0)
    )
    in_camera = transform(invert(from_above.world_from_camera), np.array(in_world))
    columns, rows = project(from_above.image_from_camera, in_camera).astype(int).T
    from_the_front = replace(from_above, towards_light_in_world=(0.0, -1.0, 0.0))
    top, front = frame_of(from_above, name).image[rows, columns].astype(float)
    dark_top, bright_front = frame_of(from_the_front, name).image[rows, columns].astype(float)
    for bright, dark in ((top, front), (bright_front, dark_top), (top, dark_top), (bright_front, front)):
        assert (bright > 1.3 * dark).all()
        np.testing.assert_allclose(bright / bright[0], (1.0, 0.5, 0.25), atol=0.02)
        np.testing.assert_allclose(dark / dark[0], (1.0, 0.5, 0.25), atol=0.02)


@pytest.mark.parametrize("text", ["0", "-3", "abc", "", "1.5", " 2", "²"])
def test_a_bad_count_is_a_user_error(text):
    with pytest.raises(UserError, match="positive whole number"):
        open_source(f"shapes:{text}")


def test_length_and_fingerprint():
    source = open_source("shapes:42")
    assert len(source) == 42
    assert source.fingerprint == "shapes:v2"


def test_captions_are_mostly_distinct(scenes):
    named = [thing.captions[0] for scene in scenes for thing in scene.bodies]
    twins = sum(len(scene.bodies) - len({thing.captions[0] for thing in scene.bodies}) for scene in scenes)
    assert twins < 0.1 * len(named)


def test_small_images_have_visible_things_too():
    frame = ShapesSource(1, width=160, height=120).read(0).frame
    assert frame.image.shape == (120, 160, 3)
    assert min(np.count_nonzero(instance.mask) for instance in frame.instances) >= 60


SPECIAL = {
    "nothing": SceneDescription(floor=False),
    "only a floor": SceneDescription(),
    "a wall fills the view": SceneDescription(floor=False, walls=(HalfSpace((0.0, -1.0, 0.0), -2.0),), pitch_rad=0.0),
    "a level camera, no floor": SceneDescription((Body((Sphere((0.0, 2.0, 1.2), 0.3),)),), floor=False, pitch_rad=0.0),
    "a ceiling": SceneDescription(walls=(HalfSpace((0.0, 0.0, -1.0), -2.5),), pitch_rad=-0.3),
    "top down": SceneDescription((Body((Cylinder((0.0, 0.0, 0.1), 0.2, 0.2),)),), pitch_rad=math.pi / 2),
    "one giant": SceneDescription((Body((Cuboid((0.0, 3.0, 2.5), (9.0, 2.0, 5.0)),)),)),
    "inside a box": SceneDescription((Body((Cuboid((0.0, 0.0, 1.25), (5.0, 6.0, 2.5)),)),), floor=False),
    "a table": SceneDescription((Body(table((0.0, 2.0), (1.0, 0.6, 0.7), 0.5)),)),
    "level, horizon": SceneDescription((Body((Sphere((0.0, 30.0, 0.3), 0.3),)),), pitch_rad=0.0),
}


@pytest.mark.parametrize("name", SPECIAL)
def test_special_scenes(name):
    scene = replace(SPECIAL[name], width=160, height=120)
    frame = frame_of(scene, name)
    cast = ray_cast(scene)
    assert frame.image.shape == (120, 160, 3)
    assert len(frame.instances) == len(np.unique(cast.index[cast.index >= 0]))
    assert np.nanmin(frame.depth_m, initial=np.inf) > 0
    for instance in frame.instances:
        points = points_in_world(frame, scene.camera_height_m, instance.mask)
        assert np.abs(distance_to(scene.bodies[int(instance.id) - 1], points)).max() < 1e-5


def test_special_scenes_known_depths():
    middle = (slice(60, 61), slice(80, 81))

    def depth(name):
        return ray_cast(replace(SPECIAL[name], width=161, height=121)).depth_m[middle].item()

    assert np.isnan(depth("nothing"))
    assert depth("only a floor") == pytest.approx(1.2 / math.sin(math.radians(30)), abs=1e-12)
    assert depth("a wall fills the view") == pytest.approx(2.0, abs=1e-12)
    assert depth("a level camera, no floor") == pytest.approx(1.7, abs=1e-12)
    assert depth("top down") == pytest.approx(1.0, abs=1e-12)
    assert np.isnan(depth("level, horizon"))
    wall = ray_cast(SPECIAL["a wall fills the view"]).depth_m
    np.testing.assert_allclose(wall, 2.0, atol=1e-12)


def test_no_ray_is_spared_that_hits_something(scenes, casts):
    """Every surface is asked about rays here; the ray caster asks only those that may meet it."""
    scene, cast = scenes[1], casts[1]
    rows, columns = np.divmod(np.arange(0, cast.depth_m.size, 7), scene.width)
    pose = scene.world_from_camera
    rays = pixel_rays(scene.image_from_camera, rows, columns) @ pose[:3, :3].T
    every = np.array([hit(surface, pose[:3, 3], rays) for surface in surfaces(scene)])
    first = every.argmin(axis=0)
    depth = every[first, np.arange(len(rays))]
    known = depth <= scene.far_m
    np.testing.assert_allclose(np.where(known, depth, np.nan), cast.depth_m[rows, columns], rtol=1e-12)
    np.testing.assert_array_equal(np.where(known, first, -1), cast.surface[rows, columns])
    parts = [place for place, body in enumerate(scene.bodies) for _ in body.parts] + [-1] * (len(scene.planes) + 1)
    np.testing.assert_array_equal(np.array(parts)[cast.surface], cast.index)
