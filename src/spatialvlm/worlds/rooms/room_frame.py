"""A room as its camera sees it: a Room and a size enter, a Frame with its picture or a Truth without one leaves.

Boxes are full ones, of all that an object is, seen or not, in the world frame of docs/conventions.md over the floor.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64, UInt8

from spatialvlm.geometry import transform, world_from_camera
from spatialvlm.records import Frame
from spatialvlm.worlds import Truth, exact_frame, instance_id
from spatialvlm.worlds.rooms.albedo import colours_of
from spatialvlm.worlds.rooms.cameras import image_from_camera, room_from_camera
from spatialvlm.worlds.rooms.flat_light import flat_picture
from spatialvlm.worlds.rooms.ray_casting import GBuffer, SurfaceCaster
from spatialvlm.worlds.rooms.rendering import render, trace
from spatialvlm.worlds.rooms.room import Placement, Room
from spatialvlm.worlds.rooms.room_surfaces import surfaces_of


def frame_of(room: Room, frame_id: str, size: tuple[int, int], spp: int) -> Frame:
    """Render a room, with everything that is known about what is in sight; `size` is width and height."""
    image, seen = render(room, size, spp)
    return _frame(room, frame_id, seen, image)


class FlatViews:
    """Rooms that differ in nothing but their view, made ready once, to be drawn quickly in flat light."""

    def __init__(self, rooms: Sequence[Room]) -> None:
        self._rooms = tuple(rooms)
        self._surfaces = surfaces_of(self._rooms[0])
        self._caster = SurfaceCaster(self._surfaces)
        self._plain = colours_of(self._surfaces)

    def truth(self, place: int, frame_id: str, size: tuple[int, int]) -> Truth:
        """Find all that is true of the view at a place, this once with its picture."""
        room = self._rooms[place]
        seen = self._caster.cast(room.view, size)
        picture = flat_picture(room, self._surfaces, self._plain, seen)
        return _truth(room, _frame(room, frame_id, seen, picture))


def truth_of(room: Room, frame_id: str, size: tuple[int, int]) -> Truth:
    """Find all that is true of a room's frame, but no picture: much faster than to render it."""
    return _truth(room, _frame(room, frame_id, trace(room, size), None))


def _truth(room: Room, frame: Frame) -> Truth:
    view_from_room = world_from_room(room)
    boxes, supports = {}, {}
    for place, thing in enumerate(room.things):
        corners = transform(view_from_room, thing.to_room(thing.furniture.vertices))
        boxes[instance_id(place)] = (corners.min(axis=0), corners.max(axis=0))
        supports[instance_id(place)] = _support(thing)
    pose = view_from_room @ room_from_camera(room.view)
    return Truth(frame, pose, boxes, supports)


def world_from_room(room: Room) -> Float64[np.ndarray, "4 4"]:
    """Map from the room to the viewer's world: the origin on the floor under the camera, y the heading."""
    pose = room_from_camera(room.view)
    from_camera = world_from_camera(_up_in_camera(room), float(pose[2, 3]))
    turned = np.eye(4)
    turned[:3, :3] = from_camera[:3, :3] @ pose[:3, :3].T
    turned[:3, 3] = from_camera[:3, 3] - turned[:3, :3] @ pose[:3, 3]
    return turned


def _frame(room: Room, frame_id: str, seen: GBuffer, image: UInt8[np.ndarray, "h w 3"] | None) -> Frame:
    height, width = seen.depth_m.shape
    intrinsics = image_from_camera(room.view, (width, height))
    captions = [thing.captions for thing in room.things]
    gravity = -_up_in_camera(room)
    return exact_frame(frame_id, "rendered room", image, intrinsics, seen.depth_m, gravity, captions, seen.thing)


def _up_in_camera(room: Room) -> Float64[np.ndarray, " 3"]:
    return room_from_camera(room.view)[2, :3].copy()


def _support(thing: Placement) -> float:
    """Find the height that a thing stands at: on another, that of its own lowest point."""
    if thing.mount in ("wall", "air"):
        return float("nan")
    return 0.0 if thing.on is None else float(thing.to_room(thing.furniture.vertices)[:, 2].min())
