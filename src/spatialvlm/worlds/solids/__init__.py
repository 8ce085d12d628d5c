"""solids: boxes, cylinders and balls on a floor or a table, ray-cast exactly.

A generator -> `random_scene` -> SceneDescription, or one written by hand -> `frame_of` -> Frame, `truth_of` -> Truth.
"""

from spatialvlm.worlds.solids.primitives import Cuboid, Cylinder, HalfSpace, Sphere
from spatialvlm.worlds.solids.random_scenes import random_scene
from spatialvlm.worlds.solids.scene import Body, SceneDescription, ray_cast, table
from spatialvlm.worlds.solids.scene_frame import frame_of, truth_of

__all__ = [
    "Body",
    "Cuboid",
    "Cylinder",
    "HalfSpace",
    "SceneDescription",
    "Sphere",
    "frame_of",
    "random_scene",
    "ray_cast",
    "table",
    "truth_of",
]
