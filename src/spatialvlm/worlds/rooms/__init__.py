"""rooms: furnished rooms, path-traced by Mitsuba, with exact depth, masks and boxes.

A generator -> `furnish` -> Room -> `frame_of` -> Frame, or `truth_of` -> Truth, which has no picture;
`furnish_and_look_around` or `set_robot_table` -> Rooms -> FlatViews -> Truths with pictures, drawn quickly in flat
light.
"""

from spatialvlm.worlds.rooms.furnishing import furnish, furnish_and_look_around, set_robot_table
from spatialvlm.worlds.rooms.mitsuba_variant import SCALAR, VARIABLE, load_mitsuba
from spatialvlm.worlds.rooms.room import Room
from spatialvlm.worlds.rooms.room_frame import FlatViews, frame_of, truth_of

__all__ = [
    "SCALAR",
    "VARIABLE",
    "FlatViews",
    "Room",
    "frame_of",
    "furnish",
    "furnish_and_look_around",
    "load_mitsuba",
    "set_robot_table",
    "truth_of",
]
