"""Scenes of boxes made up for the tests of the measure stage: no picture needed."""

import dataclasses

import numpy as np

from spatialvlm.records import Box, Camera, Instance, Object, Scene, SceneErrors, Support


def random_boxes(seed, count=5):
    """A made-up scene of boxes in the world, with points on them: no picture needed."""
    rng = np.random.default_rng(seed)
    objects = []
    for k in range(count):
        centre, half = rng.uniform([-1, 1, 0.2], [1, 3, 1.2]), rng.uniform(0.03, 0.2, 3)
        points = centre + half * rng.uniform(-1, 1, (200, 3))
        objects.append(made_up(str(k + 1), centre - half, centre + half, points))
    return scene_of(objects)


def made_up(name, low, high, points, error=0.002):
    """An Object with a box and points, seen by the camera of `scene_of`."""
    in_camera = (low + high) / 2 - [0, 0, 1.0]
    column = 160 + 250 * in_camera[0] / in_camera[1]
    edges = np.array([column - 5, 100, column + 5, 120], np.float32)
    instance = Instance(name, (name,), edges, np.ones((240, 320), bool))
    errors = np.full(3, error)
    box = Box(np.asarray(low, float), np.asarray(high, float), errors, errors)
    return Object(instance, points.astype(np.float32), box, False, False, "seen")


def scene_of(objects, **changes):
    """A level camera 1 m above the floor looks along +y."""
    world_from_camera = np.array([[1.0, 0, 0, 0], [0, 0, 1, 0], [0, -1, 0, 1], [0, 0, 0, 1]])
    camera = Camera(np.array([[250.0, 0, 160], [0, 250.0, 120], [0, 0, 1]]), 320, 240)
    errors = SceneErrors(scale=0.0, tilt_rad=0.0, support_m=0.0)
    scene = Scene(
        "made-up", camera, world_from_camera, "given", Support("floor"), "metric", "sensor", errors, tuple(objects)
    )
    return dataclasses.replace(scene, **changes)
