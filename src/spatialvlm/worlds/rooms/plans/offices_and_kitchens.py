"""Offices and kitchens, and close views of a desk or a worktop in them: an empty room enters, it is furnished.

A close view returns the thing whose top is to be looked at.
"""

from spatialvlm.worlds.rooms.placement import Arrangement
from spatialvlm.worlds.rooms.plans import tabletops
from spatialvlm.worlds.rooms.plans.relative_placement import (
    against_wall,
    at_side,
    beside,
    corner_and_wall_things,
    hang_above,
    scatter,
    shuffled_walls,
)
from spatialvlm.worlds.rooms.plans.tabletops import dress, fill_shelf, set_desk, set_places
from spatialvlm.worlds.rooms.room import Furniture


def office(room: Arrangement) -> None:
    """Place one or two desks with a chair each, shelves, a cabinet, a bin."""
    _desk_with_chair(room, tabletops.DESK_SIDES)
    if room.chance(0.4):
        _desk_with_chair(room, tabletops.DESK_SIDES)
    _around_desks(room)


def desk_top(room: Arrangement) -> int | None:
    """Place a full desk to be looked at, in an office."""
    desk = _desk_with_chair(room, tabletops.FULL_DESK)
    _around_desks(room)
    return desk


def _desk_with_chair(room: Arrangement, rules: tuple[tabletops.Rule, ...]) -> int | None:
    desk = against_wall(room, room.make("desk"), shuffled_walls(room), spread=0.7)
    if desk is None:
        return None
    set_desk(room, desk, rules)
    chair = room.make("office chair" if room.chance(0.7) else "chair")
    at_side(room, desk, chair, 0, along_m=room.between(-0.15, 0.15), tuck_m=room.between(-0.1, 0.25))
    if room.chance(0.5):
        hang_above(room, desk, room.pick(("picture", "clock")), aside_m=room.between(-0.3, 0.3))
    if room.chance(0.5):
        beside(room, desk, room.make(room.pick(("bin", "cabinet", "tall plant"))), [1, -1], gap_m=(0.03, 0.15))
    return desk


def _around_desks(room: Arrangement) -> None:
    for _ in range(int(room.rng.integers(1, 3))):
        fill_shelf(room, against_wall(room, room.make("bookshelf"), shuffled_walls(room)))
    if room.chance(0.7):
        dress(room, against_wall(room, room.make("cabinet"), shuffled_walls(room)), tabletops.CABINET)
    corner_and_wall_things(room, "tall_plant bin armchair", "picture clock picture")
    scatter(room, "bin|backpack|box|box|suitcase|basket|stool", 3)


def kitchen(room: Arrangement) -> None:
    """Place a row of worktop, stove and fridge along a wall, and a table with chairs."""
    _kitchen_row(room, tabletops.WORKTOP)
    _dining_group(room, tabletops.DINING_MIDDLE)
    _around_kitchen(room)


def kitchen_top(room: Arrangement) -> int | None:
    """Place a full worktop or a laid table to be looked at, in a kitchen."""
    worktop = _kitchen_row(room, tabletops.FULL_WORKTOP)
    laid = _dining_group(room, tabletops.FULL_TABLE, laid=1.0) if room.chance(0.5) else None
    _around_kitchen(room)
    return laid if laid is not None and room.chance(0.6) else worktop


def _kitchen_row(room: Arrangement, rules: tuple[tabletops.Rule, ...]) -> int | None:
    """Place cabinets with worktops side by side, with a stove among them and a fridge at one end. Returns a worktop."""
    counter = room.make("counter")
    first = against_wall(room, counter, shuffled_walls(room), spread=0.35, gap_m=(0.0, 0.0))
    if first is None:
        return None
    ends = {-1: first, 1: first}
    worktops = [first]
    row: list[tuple[str, Furniture]] = [
        ("stove", room.make("stove")),
        ("counter", counter),
        ("fridge", room.make("fridge")),
    ]
    order = [int(side) for side in room.rng.permutation([-1, 1])]
    for (name, furniture), side in zip(row, [order[0], order[0], order[1]]):
        if name == "counter" and room.chance(0.3):
            continue
        placed = beside(room, ends[side], furniture, [side], gap_m=(0.005, 0.006))
        if placed is None:
            continue
        ends[side] = placed
        if name == "counter":
            worktops.append(placed)
        else:
            dress(room, placed, tabletops.HOB if name == "stove" else tabletops.FRIDGE)
    if room.chance(0.3):
        beside(room, ends[order[0]], room.make("washing machine"), [order[0]], gap_m=(0.005, 0.01))
    for worktop in worktops:
        dress(room, worktop, rules)
    return first


def _dining_group(room: Arrangement, rules: tuple[tabletops.Rule, ...], laid: float = 0.6) -> int | None:
    """Place a table off the walls with chairs around it, laid in that share of the cases."""
    table = room.make("table")
    extent = room.extent(table)
    spots = []
    for _ in range(8):
        turn = float(room.rng.integers(2)) * 1.5708
        reach = max(extent.width, extent.depth) / 2 + 0.5
        width, length = room.size_m[:2]
        if min(width, length) < 2 * reach:
            reach = min(width, length) / 2 - 0.01
        at = room.between(reach, width - reach), room.between(reach, length - reach)
        spots.append((at, turn + room.between(-0.06, 0.06)))
    placed = room.put_first_free(table, spots)
    if placed is None:
        return None
    seats = _seats(room, placed)
    if room.chance(laid):
        set_places(room, placed, seats)
    dress(room, placed, rules)
    chair = room.make("chair")
    for side, along in seats:
        seat = chair if room.chance(0.85) else room.make("chair")
        half = (extent.width if side % 2 == 0 else extent.depth) / 2
        at_side(room, placed, seat, side, along_m=along * half, tuck_m=room.between(0.05, 0.25))
    return placed


def _seats(room: Arrangement, table: int) -> list[tuple[int, float]]:
    """Choose (side, share of the way from its middle to its end) of two to six seats."""
    extent = room.extent_at(table)
    seats: list[tuple[int, float]] = []
    for side in range(4):
        length = extent.width if side % 2 == 0 else extent.depth
        if length > 1.3 and side % 2 == 0:
            seats += [(side, -0.5), (side, 0.5)]
        else:
            seats.append((side, 0.0))
    keep = int(room.rng.integers(2, len(seats) + 1))
    return [seats[i] for i in sorted(room.rng.permutation(len(seats))[:keep])]


def _around_kitchen(room: Arrangement) -> None:
    if room.chance(0.4):
        dress(room, against_wall(room, room.make("cabinet"), shuffled_walls(room)), tabletops.CABINET)
    if room.chance(0.3):
        fill_shelf(room, against_wall(room, room.make("bookshelf"), shuffled_walls(room)), most=4)
    corner_and_wall_things(room, "tall_plant bin", "clock picture picture")
    scatter(room, "stool|bin|basket|box|ball|stool", 2)
