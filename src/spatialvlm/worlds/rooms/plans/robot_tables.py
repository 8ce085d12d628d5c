"""Tables that a robot works at: an empty room enters; a table with some small things and a gripper above it leave."""

import math

from spatialvlm.worlds.rooms.placement import Arrangement
from spatialvlm.worlds.rooms.plans.relative_placement import QUARTER_TURN, against_wall, shuffled_walls
from spatialvlm.worlds.rooms.plans.tabletops import ROUND, Rule, dress, largest_top

FEWEST, MOST = 3, 8
"""How many small things lie on the table."""
REACH_M = 0.4
"""The gripper is at most so far from one of them."""
_TRIES = 12
_STEP_M = 0.015
_LAID = (
    "cube|cube|cube|cube|block|block|can|can|bowl|bowl|mug|cup|bottle|apple|banana|orange|lemon|pear|plate|small box|"
    "small box|jar|puzzle cube|toy car|rubber duck|tissue box|phone|remote control"
)


def robot_table(room: Arrangement) -> int | None:
    """Furnish a room with a table that a robot works at. Returns the gripper, or None where it found no place."""
    table = _table(room)
    if table is None:
        return None
    if room.chance(0.5):
        against_wall(room, room.make(room.pick(("cabinet", "bookshelf", "dresser"))), shuffled_walls(room))
    laid = _lay(room, table)
    return _hang_gripper(room, table, laid) if len(laid) >= FEWEST else None


def _table(room: Arrangement) -> int | None:
    """Stand a table against a wall, or in the room."""
    furniture = room.make(room.pick(("table", "desk", "workbench", "workbench")))
    if room.chance(0.3):
        return against_wall(room, furniture, shuffled_walls(room))
    width, length, _ = room.size_m
    at = width / 2 + room.between(-0.2, 0.2), length / 2 + room.between(-0.2, 0.2)
    return room.put_first_free(furniture, [(at, room.between(-math.pi, math.pi)), (at, 0.0), (at, QUARTER_TURN)])


def _lay(room: Arrangement, table: int) -> list[int]:
    """Lay small things near each other somewhere on the table."""
    top, start = largest_top(room, table), len(room.things)
    if top is None:
        return []
    spread, spans = room.between(0.16, 0.32), []
    for low, high in zip(top.low_xy, top.high_xy):
        half = min(2 * spread / (high - low), 1.0)
        middle = room.between(half - 1, 1 - half)
        spans.append((middle - half, middle + half))
    count = int(room.rng.integers(FEWEST, MOST + 1))
    names = ["cube", *[_LAID] * (count - 1)]
    dress(room, table, [Rule(name, 1.0, spans[0], spans[1], ROUND) for name in names], top)
    return list(range(start, len(room.things)))


def _hang_gripper(room: Arrangement, table: int, laid: list[int]) -> int | None:
    """Hang a gripper around, on, or some way above one of the things, and an arm on it."""
    furniture = room.make("gripper")
    near = room.chance(0.4)
    for _ in range(_TRIES):
        index = laid[int(room.rng.integers(len(laid)))]
        thing, tall = room.things[index], room.extent_at(index).height
        if near:  # as low as the fingers find room on both sides of it, or else right over it
            yaw_rad, (x, y) = thing.yaw_rad + QUARTER_TURN * int(room.rng.integers(4)), thing.at[:2]
            lowest = thing.at[2] + max(room.between(0.1, 0.7) * tall, 0.006)
            heights = [lowest + _STEP_M * step for step in range(2 + math.ceil(tall / _STEP_M))]
        else:
            yaw_rad, around = room.between(-math.pi, math.pi), room.between(-math.pi, math.pi)
            away, rise = room.between(0.05, REACH_M), room.between(0.1, 1.2)
            x = thing.at[0] + away * math.cos(rise) * math.cos(around)
            y = thing.at[1] + away * math.cos(rise) * math.sin(around)
            if not _is_above(room, table, x, y):
                continue
            heights = [thing.at[2] + tall / 2 + away * math.sin(rise)]
        for z in heights:
            gripper = room.put(furniture, (x, y), yaw_rad, mount="air", z=z)
            if gripper is not None:
                return gripper if _hang_arm(room, gripper) else None
    return None


def _is_above(room: Arrangement, table: int, x: float, y: float) -> bool:
    """Say whether a place is over a table's top."""
    top, at, yaw_rad = largest_top(room, table), room.things[table].at, room.things[table].yaw_rad
    if top is None:
        return False
    cos, sin = math.cos(yaw_rad), math.sin(yaw_rad)
    right, back = cos * (x - at[0]) + sin * (y - at[1]), cos * (y - at[1]) - sin * (x - at[0])
    return top.low_xy[0] < right < top.high_xy[0] and top.low_xy[1] < back < top.high_xy[1]


def _hang_arm(room: Arrangement, gripper: int) -> bool:
    """Put an arm on a gripper, leaning wherever there is room for it."""
    arm, hand = room.make("robot arm"), room.things[gripper]
    extent = room.extent(arm)
    foot = (extent.foot_low + extent.foot_high) / 2
    for _ in range(_TRIES):
        yaw_rad = room.between(-math.pi, math.pi)
        cos, sin = math.cos(yaw_rad), math.sin(yaw_rad)
        at = hand.at[0] - cos * foot[0] + sin * foot[1], hand.at[1] - sin * foot[0] - cos * foot[1]
        z = hand.at[2] + room.extent_at(gripper).height
        if room.put(arm, (float(at[0]), float(at[1])), yaw_rad, mount="air", z=z, within=gripper) is not None:
            return True
    return False
