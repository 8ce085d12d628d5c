"""How things stand to each other: an arrangement and a thing in it enter; the next thing stands against a wall,
before it, beside it, at it, above it or on it. Each returns the new thing's index, or None where there was no room.
"""

import math
from collections.abc import Sequence

from spatialvlm.worlds.rooms.placement import EDGE_M, Arrangement, Span
from spatialvlm.worlds.rooms.room import Furniture, Wall, walls_of

QUARTER_TURN = math.pi / 2


def shuffled_walls(room: Arrangement) -> list[Wall]:
    """List the four walls in any order."""
    walls = walls_of(room.size_m)
    return [walls[i] for i in room.rng.permutation(4)]


def wall_behind(room: Arrangement, index: int) -> Wall:
    """Find the wall that a thing has its back to."""
    return walls_of(room.size_m)[round(room.things[index].yaw_rad / QUARTER_TURN) % 4]


def along_of(room: Arrangement, wall: Wall, index: int) -> float:
    """Find how far to the right of a wall's middle a thing stands."""
    x, y = wall.point(0.0, 0.0)
    at = room.things[index].at
    return (at[0] - x) * math.cos(wall.yaw_rad) + (at[1] - y) * math.sin(wall.yaw_rad)


def against_wall(
    room: Arrangement, furniture: Furniture, walls: Sequence[Wall], *, spread: float = 1.0, gap_m: Span = (0.0, 0.03)
) -> int | None:
    """Stand it against the first wall that has room for it, within that share of the wall around its middle."""
    extent, spots = room.extent(furniture), []
    for wall in walls:
        spare = max(0.0, (wall.length_m - extent.width) / 2 - EDGE_M)
        for _ in range(4):
            out = EDGE_M + 0.001 + room.between(*gap_m) + float(extent.high[1])
            spots.append((wall.point(room.between(-spread, spread) * spare, out), wall.yaw_rad))
    return room.put_first_free(furniture, spots)


def into_corner(room: Arrangement, furniture: Furniture, *, turn_rad: float = 0.0) -> int | None:
    """Stand it into a free corner, its back to one of the walls, turned by up to `turn_rad`."""
    extent, spots = room.extent(furniture), []
    reach = max(float(abs(extent.low[:2]).max()), float(extent.high[:2].max())) if turn_rad else 0.0
    for wall in shuffled_walls(room):
        side = float(room.rng.choice([-1, 1]))
        for _ in range(2):
            half = max(reach, extent.width / 2)
            along = side * (wall.length_m / 2 - half - EDGE_M - room.between(0.01, 0.12))
            out = max(reach, float(extent.high[1])) + EDGE_M + room.between(0.01, 0.1)
            spots.append((wall.point(along, out), wall.yaw_rad + room.between(-turn_rad, turn_rad)))
            side = -side
    return room.put_first_free(furniture, spots)


def beside(
    room: Arrangement,
    index: int,
    furniture: Furniture,
    sides: Sequence[int],
    *,
    gap_m: Span = (0.02, 0.1),
    flush: float = 1.0,
) -> int | None:
    """Stand it to the left (-1) or right (1) of a thing, facing alike; backs in line at `flush` 1, fronts at -1."""
    own, other = room.extent_at(index), room.extent(furniture)
    yaw_rad, spots = room.things[index].yaw_rad, []
    low, high = float(own.low[1] - other.low[1]), float(own.high[1] - other.high[1])
    y = low + (high - low) * (flush + 1) / 2
    for side in sides:
        edge = float(own.high[0] - other.low[0]) if side > 0 else float(own.low[0] - other.high[0])
        gap = room.between(*gap_m)
        spots += [(room.point(index, edge + side * (gap + more), y), yaw_rad) for more in (0.0, 0.04, 0.1)]
    return room.put_first_free(furniture, spots)


def before(room: Arrangement, index: int, furniture: Furniture, *, gap_m: float) -> int | None:
    """Stand it in front of a thing, facing as that does; further out step by step where that is not free."""
    front = float(room.extent_at(index).low[1]) - gap_m
    back, yaw_rad = float(room.extent(furniture).high[1]), room.things[index].yaw_rad
    return room.put_first_free(
        furniture, [(room.point(index, 0.0, front - step / 20 - back), yaw_rad) for step in range(7)]
    )


def at_side(
    room: Arrangement, index: int, furniture: Furniture, side: int, *, along_m: float, tuck_m: float
) -> int | None:
    """Put a seat at a table, facing it: side 0 is the front, 1 the right, 2 the back, 3 the left.

    It starts `tuck_m` under the edge and is pulled out until it is free; now and then it stands further out, askew.
    """
    own, seat = room.extent_at(index), room.extent(furniture)
    outward = -QUARTER_TURN + side * QUARTER_TURN
    half = (own.depth if side % 2 == 0 else own.width) / 2
    pulled, askew = (room.between(0.05, 0.25), room.between(-0.5, 0.5)) if room.chance(0.25) else (0.0, 0.0)
    yaw_rad = room.things[index].yaw_rad + outward - QUARTER_TURN + askew
    spots = []
    for step in range(9):
        out = half - float(seat.low[1]) - tuck_m + pulled + 0.04 * step
        x, y = out * math.cos(outward), out * math.sin(outward)
        right = (-math.sin(outward), math.cos(outward))
        spots.append((room.point(index, x + along_m * right[0], y + along_m * right[1]), yaw_rad))
    return room.put_first_free(furniture, spots)


def hang(room: Arrangement, furniture: Furniture, wall: Wall, along_m: float, middle_z: float) -> int | None:
    """Hang it on a wall, its middle at that place and height."""
    extent = room.extent(furniture)
    z = middle_z - float(extent.low[2] + extent.high[2]) / 2
    return room.put(furniture, wall.point(along_m, 0.001), wall.yaw_rad, mount="wall", z=z)


def hang_anywhere(room: Arrangement, category: str) -> int | None:
    """Hang it on any wall at eye height, where it is free of furniture."""
    furniture = room.make(category)
    for wall in shuffled_walls(room)[:3]:
        spare = wall.length_m / 2 - room.extent(furniture).width / 2 - 0.2
        for _ in range(2):
            index = hang(room, furniture, wall, room.between(-spare, spare), room.between(1.45, 1.7))
            if index is not None:
                return index
    return None


def hang_above(room: Arrangement, index: int, category: str, *, aside_m: float = 0.0) -> int | None:
    """Hang it on the wall behind a thing, above it."""
    wall, furniture = wall_behind(room, index), room.make(category)
    thing_top = room.things[index].at[2] + room.extent_at(index).height
    middle_z = max(1.45, thing_top + 0.12 + room.extent(furniture).height / 2) + room.between(0.0, 0.12)
    return hang(room, furniture, wall, along_of(room, wall, index) + aside_m, middle_z)


def lay_rug_before(room: Arrangement, index: int) -> int | None:
    """Lay a rug right in front of a thing, its long side along it if that fits."""
    own, yaw_rad = room.extent_at(index), room.things[index].yaw_rad
    for _ in range(3):
        rug = room.make("rug")
        extent = room.extent(rug)
        turns = (0.0, QUARTER_TURN) if extent.width >= extent.depth else (QUARTER_TURN, 0.0)
        spots = []
        for turn in turns:
            reach = (extent.depth if turn == 0.0 else extent.width) / 2
            y = float(own.low[1]) - reach - room.between(0.01, 0.06)
            spots.append((room.point(index, room.between(-0.1, 0.1), y), yaw_rad + turn))
        placed = room.put_first_free(rug, spots)
        if placed is not None:
            return placed
    return None


def pile(room: Arrangement, index: int, category: str, count: int) -> None:
    """Stack up to so many more of a category on a thing, each a little askew."""
    for _ in range(count):
        tops = room.things[index].furniture.tops
        turn = room.between(-0.25, 0.25)
        upper = room.put_on(room.make(category), index, tops[0], turn_rad=turn, tries=2) if tops else None
        if upper is None:
            return
        index = upper


def corner_and_wall_things(room: Arrangement, for_corners: str, for_walls: str) -> None:
    """Place some of what stands in corners and hangs on walls (names apart by spaces, _ for a space in one)."""
    for name in for_corners.split():
        if room.chance(0.5):
            into_corner(room, room.make(name.replace("_", " ")), turn_rad=0.6)
    for name in for_walls.split():
        if room.chance(0.55):
            hang_anywhere(room, name.replace("_", " "))


def scatter(room: Arrangement, names: str, most: int) -> None:
    """Scatter small things on the floor near furniture and walls: the middle of the room stays free to walk."""
    choices = names.split("|")
    for _ in range(int(room.rng.integers(0, most + 1))):
        furniture = (room.make_any("floor", 0.6) if room.chance(0.3) else None) or room.make(room.pick(choices))
        spots = []
        for wall in shuffled_walls(room):
            along = room.between(-0.5, 0.5) * wall.length_m
            out = room.between(0.1, 0.35 * wall.reach_m) + room.extent(furniture).depth / 2
            spot = wall.point(along, out), room.between(-math.pi, math.pi)
            if room.is_open_above(furniture, *spot):
                spots.append(spot)
        room.put_first_free(furniture, spots)
