"""The surfaces that things stand on, and what is free of them: exact on drawn scenes, empty where nothing is known."""

import dataclasses

import cv2
import numpy as np
import pytest

from spatialvlm.audit.corrupt import PRESETS
from spatialvlm.geometry import decode_mask, transform, unproject
from spatialvlm.pipeline.lift import lift
from spatialvlm.worlds.solids import Body, Cuboid, Cylinder, SceneDescription, Sphere, frame_of

TABLE = Body((Cuboid((0.0, 2.0, 0.2), (1.0, 0.7, 0.4)),))
CAN = Body((Cylinder((0.1, 2.0, 0.47), 0.04, 0.14),))
BIN = Body((Cylinder((-0.8, 1.8, 0.15), 0.12, 0.3),))
ROOM = SceneDescription((TABLE, CAN, BIN))
LEGS = tuple(Cuboid((x, y, 0.2), (0.04, 0.04, 0.4)) for x in (-0.48, 0.48) for y in (1.7, 2.3))
LEGGED = Body((Cuboid((0.0, 2.0, 0.42), (1.0, 0.7, 0.04)), *LEGS))


def free(frame, of):
    """The surface of an object, and its free part at full size."""
    surface = next(surface for surface in lift(frame).scene.surfaces if surface.of == of)
    whole = cv2.resize(
        decode_mask(surface.free).view(np.uint8), frame.image.shape[1::-1], interpolation=cv2.INTER_NEAREST
    )
    return surface, whole.astype(bool)


def taken(frame):
    """The pixels of all objects."""
    return np.any([instance.mask for instance in frame.instances], axis=0)


def test_what_stands_where():
    scene = lift(frame_of(ROOM, "room", picture=False)).scene
    assert [(surface.of, surface.things) for surface in scene.surfaces] == [(None, ("1", "3")), ("1", ("2",))]
    assert [surface.height_m for surface in scene.surfaces] == pytest.approx([0.0, 0.4], abs=0.003)


@pytest.mark.parametrize(("of", "height_m"), [(None, 0.0), ("1", 0.4)])
def test_what_is_free_is_of_the_surface(of, height_m):
    frame = frame_of(ROOM, "room", picture=False)
    _, where = free(frame, of)
    bare = ~taken(frame) if of is None else frame.instances[0].mask & ~frame.instances[1].mask
    assert not (where & ~bare).any()
    assert np.count_nonzero(where) > 0.3 * np.count_nonzero(bare & (frame.depth_m < 3.0))
    places = transform(ROOM.world_from_camera, unproject(frame.depth_m, frame.camera.image_from_camera, where))
    assert np.abs(places[:, 2] - height_m).max() < 0.002


@pytest.mark.parametrize("preset", ["exact", "stated", "monocular"])
def test_what_nobody_segmented_is_not_free(preset):
    """The can on the table has no mask; depth alone shows that it is there."""
    frame = frame_of(dataclasses.replace(ROOM, bodies=(TABLE, CAN, BIN, BALL)), "room", picture=False)
    hidden = frame.instances[3].mask
    told = PRESETS[preset].told
    frame = dataclasses.replace(frame, instances=frame.instances[:3])
    scene = lift(PRESETS[preset].corrupt(frame, np.random.default_rng(0)), told).scene
    shown = decode_mask(scene.surfaces[0].free)
    under = cv2.resize(hidden.view(np.uint8), shown.shape[::-1], interpolation=cv2.INTER_AREA).astype(bool)
    assert shown.any()
    assert not (shown & under).any()


BALL = Body((Cylinder((0.8, 1.7, 0.1), 0.1, 0.2),))


def test_the_floor_under_a_table_is_not_free():
    frame = frame_of(SceneDescription((LEGGED, BIN)), "room", picture=False)
    _, where = free(frame, None)
    places = transform(ROOM.world_from_camera, unproject(frame.depth_m, frame.camera.image_from_camera, where))
    assert len(places) > 1000
    beneath = (np.abs(places[:, 0]) < 0.45) & (np.abs(places[:, 1] - 2.0) < 0.3)
    assert not beneath.any()
    seen = transform(ROOM.world_from_camera, unproject(frame.depth_m, frame.camera.image_from_camera, ~taken(frame)))
    assert ((np.abs(seen[:, 0]) < 0.45) & (np.abs(seen[:, 1] - 2.0) < 0.3)).any(), "though it is in sight"


def test_where_up_is_unknown_nothing_is_level():
    balls = tuple(Body((Sphere((x, 1.8 + x, 0.4), 0.12),)) for x in (-0.5, 0.4))
    frame = frame_of(SceneDescription(bodies=balls, floor=False), "balls", picture=False)
    scene = lift(dataclasses.replace(frame, gravity_in_camera=None)).scene
    assert (scene.gravity, scene.surfaces) == (None, ())
