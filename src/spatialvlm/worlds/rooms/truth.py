"""What is true of a rendered room as its camera sees it: a Room and what was traced enter, a Truth leaves.

Boxes are full ones, of all that an object is, seen or not, in the world frame of docs/conventions.md over the floor.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int32

from spatialvlm.geometry import transform, world_from_camera
from spatialvlm.records import Frame, Instance
from spatialvlm.worlds.rooms.cameras import room_from_camera
from spatialvlm.worlds.rooms.model import Placed, Room

Corner = Float64[np.ndarray, " 3"]


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """A frame without its picture (which is black), and what nobody could see of it.

    `boxes` holds the lowest and the highest corner of each object in the world, by the id that it has, or would have,
    as an instance: also of those that the camera does not see. `supports` is the height of the surface that it stands
    on: 0 on the floor, NaN for what hangs.
    """

    frame: Frame
    world_from_camera: Float64[np.ndarray, "4 4"]
    boxes: Mapping[str, tuple[Corner, Corner]]
    supports: Mapping[str, float]


def truth_of(room: Room, frame: Frame) -> Truth:
    """The truth about a frame of this room."""
    view_from_room = world_from_room(room)
    boxes, supports = {}, {}
    for place, thing in enumerate(room.things):
        corners = transform(view_from_room, thing.to_room(thing.model.vertices))
        boxes[thing_id(place)] = (corners.min(axis=0), corners.max(axis=0))
        supports[thing_id(place)] = _support(room, thing)
    return Truth(frame, view_from_room @ room_from_camera(room.view), boxes, supports)


def world_from_room(room: Room) -> Float64[np.ndarray, "4 4"]:
    """From the room to the viewer's world: the origin on the floor under the camera, y the heading."""
    pose = room_from_camera(room.view)
    from_camera = world_from_camera(up_in_camera(room), float(pose[2, 3]))
    turned = np.eye(4)
    turned[:3, :3] = from_camera[:3, :3] @ pose[:3, :3].T
    turned[:3, 3] = from_camera[:3, 3] - turned[:3, :3] @ pose[:3, 3]
    return turned


def up_in_camera(room: Room) -> Corner:
    """The room's up direction as the camera sees it."""
    return room_from_camera(room.view)[2, :3].copy()


def thing_id(place: int) -> str:
    """The instance id of the thing at this place in `room.things`; ids count from 1."""
    return str(place + 1)


def instances_of(room: Room, seen: Int32[np.ndarray, "h w"]) -> tuple[Instance, ...]:
    """The things that at least one pixel sees, with tight boxes."""
    found = []
    for place in np.unique(seen[seen >= 0]):
        mask = seen == place
        found.append(Instance(thing_id(int(place)), room.things[place].captions, _tight_box(mask), mask))
    return tuple(found)


def _support(room: Room, thing: Placed) -> float:
    """A thing on another stands where its own lowest point is."""
    if thing.mount == "wall":
        return float("nan")
    return 0.0 if thing.on is None else float(thing.to_room(thing.model.vertices)[:, 2].min())


def _tight_box(mask: Bool[np.ndarray, "h w"]) -> Float32[np.ndarray, " 4"]:
    """Around whole pixels, so a lone pixel in column c reaches from c to c + 1."""
    columns, rows = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
    return np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], dtype=np.float32)
