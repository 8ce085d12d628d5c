"""The four walls of a room: its size enters, where a wall's points are and which way it faces leave."""

import math
from dataclasses import dataclass

Point = tuple[float, float]
Size = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Wall:
    """A wall as one sees it from inside: number 0 is the far one (y = length), 1 the left one, 2 the near one.

    `yaw_rad` is that of a thing with its back to the wall.
    """

    number: int
    yaw_rad: float
    length_m: float
    room_middle: Point
    reach_m: float

    def point(self, along_m: float, out_m: float) -> Point:
        """The point so far to the right of the wall's middle and so far into the room."""
        cos, sin = math.cos(self.yaw_rad), math.sin(self.yaw_rad)
        back = self.reach_m - out_m
        return self.room_middle[0] + cos * along_m - sin * back, self.room_middle[1] + sin * along_m + cos * back


def walls_of(size_m: Size) -> tuple[Wall, Wall, Wall, Wall]:
    """The walls of a room of that width, length and height."""
    width, length, _ = size_m
    middle = (width / 2, length / 2)
    far, left, near, right = (
        Wall(number, number * math.pi / 2, along, middle, across / 2)
        for number, (along, across) in enumerate([(width, length), (length, width)] * 2)
    )
    return far, left, near, right
