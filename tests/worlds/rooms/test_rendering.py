"""A room drawn: depth and masks against what geometry says, pictures that are what they should be."""

import dataclasses
import math

import numpy as np
import pytest

from spatialvlm.geometry import pixel_rays
from spatialvlm.worlds.rooms.cameras import image_from_camera, room_from_camera
from spatialvlm.worlds.rooms.meshes import box, moved, sheet, turned
from spatialvlm.worlds.rooms.rendering import render, trace
from spatialvlm.worlds.rooms.room import Furniture, Material, MeshPart, Placement, Room, View

SIZE = (96, 72)
ROOM_M = (4.0, 5.0, 2.5)
LOW, HIGH = np.array([1.4, 2.5, 0.0]), np.array([2.1, 3.0, 0.8])
VIEW = View((1.6, 0.4, 1.5), -0.1, 0.35, 0.06, math.radians(62))
RED, BLUE = Material((190, 35, 40)), Material((40, 80, 170), "glossy")


def wall(low, high) -> MeshPart:
    return MeshPart(box(tuple(map(float, low)), tuple(map(float, high)), bevel=0.0), Material((225, 222, 215)))


def room(*, walls: bool = True, things: tuple[Placement, ...] = (), view: View = VIEW, seed: int = 3) -> Room:
    width, length, height = ROOM_M
    shell = [wall((0, 0, -0.1), (width, length, 0))]
    if walls:
        shell += [wall((-0.1, 0, 0), (0, length, height)), wall((width, 0, 0), (width + 0.1, length, height))]
        shell += [wall((0, -0.1, 0), (width, 0, height)), wall((0, length, 0), (width, length + 0.1, height))]
        shell.append(wall((0, 0, height), (width, length, height + 0.1)))
    return Room("test", ROOM_M, tuple(shell), (), things, view, seed)


def crate(material: Material = RED) -> Placement:
    mesh = box(tuple(map(float, LOW)), tuple(map(float, HIGH)), bevel=0.0)
    return Placement(Furniture("box", (MeshPart(mesh, material),), "red"), (0.0, 0.0, 0.0), 0.0, ("box",))


def exact(view: View) -> tuple[np.ndarray, np.ndarray]:
    """Depth by slabs: the walls from inside, the crate from outside, and where the crate is in front."""
    pose = room_from_camera(view)
    rays = pixel_rays(image_from_camera(view, SIZE), np.arange(SIZE[1])[:, None], np.arange(SIZE[0])[None])
    rays = rays @ pose[:3, :3].T
    walls = np.stack([(np.zeros(3) - view.at) / rays, (np.array(ROOM_M) - view.at) / rays]).max(axis=0).min(axis=-1)
    near, far = np.sort(np.stack([(LOW - view.at) / rays, (HIGH - view.at) / rays]), axis=0)
    enter, leave = near.max(axis=-1), far.min(axis=-1)
    hit = (enter < leave) & (enter > 0)
    return np.where(hit, enter, walls), hit


@pytest.mark.parametrize("roll", [0.0, 0.17, -0.1])
def test_depth_is_exact_at_the_pixel_centres(roll):
    view = dataclasses.replace(VIEW, roll_rad=roll)
    traced = trace(room(things=(crate(),), view=view), SIZE)
    depth, hit = exact(view)
    assert traced.depth_m.dtype == np.float32
    # Where the ceiling lamp hangs nothing else is seen.
    same = np.abs(traced.depth_m - depth) < 1e-4
    assert same[hit].all()
    assert same.mean() > 0.99
    np.testing.assert_array_equal(traced.thing == 0, hit)


def test_nothing_is_nan():
    traced = trace(room(walls=False, things=(crate(),)), SIZE)
    sky = np.isnan(traced.depth_m)
    assert 0.1 < sky.mean() < 0.9
    assert (traced.thing[sky] == -1).all()
    assert (traced.depth_m[~sky] > 0).all()


def test_backs_are_seen_like_fronts():
    flat = turned(sheet(1.2, 1.0), "z", math.pi)
    thing = Placement(
        Furniture("sheet", (MeshPart(moved(flat, 1.8, 2.5, 0.5), BLUE),), "blue"), (0.0, 0.0, 0.0), 0.0, ("sheet",)
    )
    traced = trace(room(things=(thing,)), SIZE)
    assert (traced.thing == 0).sum() > 200


def test_the_picture_comes_with_the_same_depth_and_things():
    described = room(things=(crate(),))
    (image, seen), traced = render(described, SIZE, 2), trace(described, SIZE)
    np.testing.assert_array_equal(seen.depth_m, traced.depth_m)
    np.testing.assert_array_equal(seen.thing, traced.thing)
    again, _ = render(described, SIZE, 2)
    np.testing.assert_array_equal(image, again)


@pytest.mark.parametrize("material", [RED, dataclasses.replace(RED, finish="metal"), BLUE])
def test_things_have_their_colours_and_the_exposure_is_right(material):
    image, seen = render(room(things=(crate(material),)), SIZE, 4)
    assert image.shape == (SIZE[1], SIZE[0], 3)
    assert 70 < image.mean() < 190
    colour = image[seen.thing == 0].mean(axis=0)
    assert colour.argmax() == np.argmax(material.rgb)
    assert colour.max() > 1.5 * colour.min()
    around = image[seen.thing == -1].mean(axis=0)
    assert np.ptp(around) < 30, "grey walls are grey"


def test_more_samples_hardly_change_the_picture():
    described = room(things=(crate(),))
    few, many = (render(described, SIZE, spp)[0].astype(float) for spp in (4, 64))
    assert np.abs(few - many).mean() < 5


@pytest.mark.parametrize("size", [(33, 17), (50, 70), (16, 16)])
def test_any_size_will_do(size):
    image, _ = render(room(things=(crate(),)), size, 1)
    assert image.shape == (size[1], size[0], 3)


@pytest.mark.parametrize("walls", [True, False])
def test_an_empty_room_is_a_picture_too(walls):
    assert render(room(walls=walls), SIZE, 1)[0].std() > 1
