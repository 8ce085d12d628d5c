"""A scene of solids as its camera sees it: a SceneDescription enters, a Frame or a Truth leaves."""

import numpy as np

from spatialvlm.records import Frame
from spatialvlm.worlds import Truth, exact_frame, instance_id
from spatialvlm.worlds.solids.flat_shading import draw
from spatialvlm.worlds.solids.primitives import corners
from spatialvlm.worlds.solids.scene import SceneDescription, ray_cast


def frame_of(description: SceneDescription, frame_id: str, *, picture: bool = True) -> Frame:
    """Cast a scene, any scene, and draw it; without `picture` the frame is black."""
    cast = ray_cast(description)
    return exact_frame(
        frame_id,
        "rendered shapes",
        draw(description, cast) if picture else None,
        description.image_from_camera,
        cast.depth_m.astype(np.float32),
        description.gravity_in_camera,
        [body.captions for body in description.bodies],
        cast.index,
    )


def truth_of(description: SceneDescription, frame_id: str) -> Truth:
    """Find all that is true of a scene, but no picture; what a body stands on is taken to be right below it."""
    boxes = {}
    for place, body in enumerate(description.bodies):
        points = np.concatenate([corners(part) for part in body.parts])
        boxes[instance_id(place)] = points.min(axis=0), points.max(axis=0)
    supports = {name: float(low[2]) for name, (low, _) in boxes.items()}
    return Truth(frame_of(description, frame_id, picture=False), description.world_from_camera, boxes, supports)
