"""rooms: furnished rooms, path-traced by Mitsuba, with exact depth, masks and boxes.

A generator -> `furnish` -> Room -> `frame_of` -> Frame, or `truth_of` -> Truth, which has no picture.
"""

from spatialvlm.worlds.rooms.furnishing import furnish
from spatialvlm.worlds.rooms.mitsuba_variant import SCALAR, VARIABLE, load_mitsuba
from spatialvlm.worlds.rooms.room import Room
from spatialvlm.worlds.rooms.room_frame import frame_of, truth_of

__all__ = ["SCALAR", "VARIABLE", "Room", "frame_of", "furnish", "load_mitsuba", "truth_of"]
