"""The analytic scenes are exact: all other tests lean on them."""

import itertools
import math
from dataclasses import replace

import cv2
import numpy as np
import pytest

from spatialvlm import geometry
from spatialvlm.errors import UserError
from spatialvlm.pipeline.collect import open_source
from spatialvlm.pipeline.collect.shapes import ShapesSource, frame_of
from spatialvlm.worlds.solids.primitives import Cuboid, Cylinder, Plane, Sphere, levels
from spatialvlm.worlds.solids.scene import SceneDescription, Thing, cast_rays, ray_cast, table

INDICES = range(12)


@pytest.fixture(scope="module")
def scenes():
    source = ShapesSource(len(INDICES))
    return [source.describe(index) for index in INDICES]


@pytest.fixture(scope="module")
def frames():
    source = ShapesSource(len(INDICES))
    return [source.read(index).frame for index in INDICES]


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
    pose = geometry.world_from_camera(-frame.gravity_in_camera, camera_height_m)
    return geometry.transform(pose, geometry.unproject(frame.depth_m, frame.camera.image_from_camera, mask))


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
        thing = scene.things[int(instance.id) - 1]
        points = points_in_world(frame, scene.camera_height_m, instance.mask)
        assert np.abs(distance_to(thing, points)).max() < 1e-6
        assert instance.captions == thing.captions


@pytest.mark.parametrize("index", INDICES)
def test_floor_pixels_satisfy_the_plane(index, scenes):
    scene = scenes[index]
    cast = ray_cast(scene)
    floor = cast.surface == sum(len(thing.parts) for thing in scene.things)
    points = geometry.transform(
        cast.world_from_camera, geometry.unproject(cast.depth_m, scene.image_from_camera, floor)
    )
    assert floor.any()
    assert np.abs(points[:, 2]).max() < 1e-9


@pytest.mark.parametrize("index", INDICES)
def test_everything_seen_is_in_front_of_everything_else(index, scenes):
    """No point of the depth map hides another: along each ray no solid is entered before the depth that is given."""
    scene = scenes[index]
    cast = ray_cast(scene)
    rng = np.random.default_rng(index)
    rows, columns = rng.integers(scene.height, size=300), rng.integers(scene.width, size=300)
    rays = geometry.pixel_rays(scene.image_from_camera, rows, columns)
    depth = np.nan_to_num(cast.depth_m[rows, columns], nan=scene.far_m)
    for part in (0.2, 0.5, 0.8, 0.95, 0.999):
        points = geometry.transform(cast.world_from_camera, rays * (part * depth)[:, None])
        assert points[:, 2].min() > 0
        assert all(distance_to(thing, points).min() > 0 for thing in scene.things)


@pytest.mark.parametrize("index", INDICES)
def test_things_do_not_intersect(index, scenes):
    rng = np.random.default_rng(index)
    for one, other in itertools.permutations(scenes[index].things, 2):
        for part in one.parts:
            assert distance_to(other, surface_samples(part, rng)).min() > -1e-12
    for thing, wall in itertools.product(scenes[index].things, scenes[index].walls):
        points = np.concatenate([surface_samples(part, rng) for part in thing.parts])
        assert (points @ np.array(wall.normal_in_world)).min() > wall.offset_m


@pytest.mark.parametrize("index", INDICES)
def test_things_stand_on_the_floor_or_on_a_table(index, scenes):
    tops = [thing.parts[0] for thing in scenes[index].things if "table" in thing.captions]
    heights = [0.0] + [top.centre_in_world[2] + top.size_m[2] / 2 for top in tops]
    for thing in scenes[index].things:
        lowest = min(levels(part)[0] for part in thing.parts)
        assert min(abs(lowest - level) for level in heights) < 1e-12


@pytest.mark.parametrize("index", INDICES)
def test_masks_and_boxes(index, scenes, frames):
    frame, cast = frames[index], ray_cast(scenes[index])
    assert 3 <= len(frame.instances) == len(scenes[index].things) <= 12
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
    scene = SceneDescription((Thing((solid,)),), roll_rad=0.2)
    half = np.array(list(itertools.product((-1, 1), repeat=3))) * np.array(solid.size_m) / 2
    turn = np.array([[math.cos(0.4), -math.sin(0.4), 0], [math.sin(0.4), math.cos(0.4), 0], [0, 0, 1]])
    in_world = half @ turn.T + np.array(solid.centre_in_world)
    in_camera = geometry.transform(geometry.invert(scene.world_from_camera), in_world)
    pixels = geometry.project(scene.image_from_camera, in_camera)
    box = frame_of(scene, "one").instances[0].box_xyxy
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
    pose = geometry.world_from_camera(-gravity, scene.camera_height_m)
    np.testing.assert_allclose(pose[:3, :3], np.stack([x, y, forward], axis=1), atol=1e-12)
    np.testing.assert_allclose(pose, scene.world_from_camera, atol=0)
    np.testing.assert_allclose(pose[:3, :3] @ gravity, [0, 0, -1], atol=1e-12)
    assert np.linalg.norm(gravity) == pytest.approx(1, abs=1e-15)
    assert 5 <= math.degrees(pitch) <= 60
    assert abs(math.degrees(roll)) <= 15


def test_a_frame_does_not_depend_on_the_count_or_on_what_was_read_before(frames):
    alone = open_source("shapes:1000").read(7).frame
    assert alone.id == "shapes-000007"
    np.testing.assert_array_equal(alone.image, frames[7].image)
    assert alone.depth_m.tobytes() == frames[7].depth_m.tobytes()
    assert alone.source == frames[7].source
    assert alone.source.licence == "CC0-1.0"
    assert not np.array_equal(frames[6].image, frames[7].image)


def test_the_png_is_the_image(frames):
    decoded = cv2.imdecode(np.frombuffer(frames[0].source.image_bytes, np.uint8), cv2.IMREAD_COLOR_RGB)
    np.testing.assert_array_equal(decoded, frames[0].image)
    assert frames[0].source.image_path == "shapes-000000.png"


@pytest.mark.parametrize("text", ["0", "-3", "abc", "", "1.5", " 2", "²"])
def test_a_bad_count_is_a_user_error(text):
    with pytest.raises(UserError, match="positive whole number"):
        ShapesSource.parse(text)


def test_length_and_fingerprint():
    source = ShapesSource.parse("42")
    assert len(source) == 42
    assert source.fingerprint == "shapes:v1"


def test_captions_are_mostly_distinct(scenes):
    named = [thing.captions[0] for scene in scenes for thing in scene.things]
    twins = sum(len(scene.things) - len({thing.captions[0] for thing in scene.things}) for scene in scenes)
    assert twins < 0.1 * len(named)


def test_small_images_have_visible_things_too():
    frame = ShapesSource(1, width=160, height=120).read(0).frame
    assert frame.image.shape == (120, 160, 3)
    assert min(np.count_nonzero(instance.mask) for instance in frame.instances) >= 60


SPECIAL = {
    "nothing": SceneDescription(floor=False),
    "only a floor": SceneDescription(),
    "a wall fills the view": SceneDescription(floor=False, walls=(Plane((0.0, -1.0, 0.0), -2.0),), pitch_rad=0.0),
    "a level camera, no floor": SceneDescription((Thing((Sphere((0.0, 2.0, 1.2), 0.3),)),), floor=False, pitch_rad=0.0),
    "a ceiling": SceneDescription(walls=(Plane((0.0, 0.0, -1.0), -2.5),), pitch_rad=-0.3),
    "top down": SceneDescription((Thing((Cylinder((0.0, 0.0, 0.1), 0.2, 0.2),)),), pitch_rad=math.pi / 2),
    "one giant": SceneDescription((Thing((Cuboid((0.0, 3.0, 2.5), (9.0, 2.0, 5.0)),)),)),
    "inside a box": SceneDescription((Thing((Cuboid((0.0, 0.0, 1.25), (5.0, 6.0, 2.5)),)),), floor=False),
    "a table": SceneDescription((Thing(table((0.0, 2.0), (1.0, 0.6, 0.7), 0.5)),)),
    "level, horizon": SceneDescription((Thing((Sphere((0.0, 30.0, 0.3), 0.3),)),), pitch_rad=0.0),
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
        assert np.abs(distance_to(scene.things[int(instance.id) - 1], points)).max() < 1e-5


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


def test_rays_between_pixels_agree_with_the_pixels(scenes):
    scene = scenes[1]
    cast = ray_cast(scene)
    rows, columns = np.divmod(np.arange(0, cast.depth_m.size, 7), scene.width)
    rays = geometry.pixel_rays(scene.image_from_camera, rows, columns)
    depth, index, surface = cast_rays(scene, rays)
    np.testing.assert_allclose(depth, cast.depth_m[rows, columns], rtol=1e-12)
    np.testing.assert_array_equal(index, cast.index[rows, columns])
    np.testing.assert_array_equal(surface, cast.surface[rows, columns])
