"""How an episode of a kind goes: where things are enters, way points of the gripper leave.

A new kind is a function, a row of MOVES, and its name in the task it belongs to.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

NEAR_MISS_M = (0.06, 0.10)
STOP_SHARE = (0.4, 0.6)
LOST_SHARE = (0.4, 0.6)
MOST_TURNED = np.radians(35)
ABOVE_M, LIFT_M = 0.08, 0.10
STAND_HEIGHT_M = 0.04
CARRIED_M, PUT_M, LEFT_M = 0.08, 0.026, 0.04
"""How high the gripper is over what the block stands on: while it carries, where it lets go, and how far it rises then.
"""
CLOSING_STEPS = 6

Point = Float64[np.ndarray, " 3"]


@dataclass(frozen=True, slots=True)
class EpisodeTask:
    """What the robot is to do: in words, between which things the distance is, and how its episodes are called.

    `truth` is the field of an Episode that is true of it; one that ends below `done_m` is a success. `needs_stand`:
    there is a stand on the table.
    """

    words: str
    between: tuple[str, str]
    truth: str
    done_m: float
    success: str
    failed: tuple[str, ...]
    backwards: str
    needs_stand: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class TableLayout:
    """Where the centres of things are when an episode begins, in the simulator's world; `start` is between the fingers.

    `stand` is the centre of the stand; where there is none, of one that nobody sees.
    """

    block: Point
    decoy: Point
    stand: Point
    start: Point


@dataclass(frozen=True, slots=True, eq=False)
class Move:
    """A way point of the middle between the fingers, in the simulator's world, and whether they are open on the way.

    `wait` is for how many steps the gripper stays there. What is `before` the episode is in none of its frames.
    """

    to_m: Point
    is_open: bool = True
    wait: int = 0
    before: bool = False


def success_moves(at: TableLayout, generator: np.random.Generator) -> list[Move]:
    """Close the fingers around the block."""
    return _grasp(at.block)


def near_miss_moves(at: TableLayout, generator: np.random.Generator) -> list[Move]:
    """Stop 6 to 10 cm short of the block."""
    return [Move(at.block + _short_of(at.block, at.start, generator), wait=2)]


def wrong_object_moves(at: TableLayout, generator: np.random.Generator) -> list[Move]:
    """Close the fingers around the decoy."""
    return _grasp(at.decoy)


def drop_moves(at: TableLayout, generator: np.random.Generator) -> list[Move]:
    """Lift the block, lose it, and go on up."""
    up, block = _up(LIFT_M), at.block
    return [*_grasp(block), Move(block + up, False), Move(block + up, True, 4), Move(block + 1.8 * up)]


def stop_early_moves(at: TableLayout, generator: np.random.Generator) -> list[Move]:
    """Stop at 40 to 60 % of the way to the block."""
    share = generator.uniform(*STOP_SHARE)
    return [Move(at.start + share * (at.block - at.start), wait=2)]


def place_moves(at: TableLayout, generator: np.random.Generator) -> list[Move]:
    """Carry the block, which is lifted already, to the stand, and let go there."""
    return [*_lifted(at.block), *_put(at.stand + _up(STAND_HEIGHT_M / 2))]


def place_miss_moves(at: TableLayout, generator: np.random.Generator) -> list[Move]:
    """Let go of the block 6 to 10 cm beside the stand's middle, on its own side of it.

    That is where the fingers, which open across, do not touch the stand.
    """
    side, turned = float(np.sign(at.block[0] - at.stand[0])), generator.uniform(-MOST_TURNED, MOST_TURNED)
    beside = generator.uniform(*NEAR_MISS_M) * np.array([side * np.cos(turned), np.sin(turned), 0.0])
    return [*_lifted(at.block), *_put(at.stand + beside - _up(STAND_HEIGHT_M / 2))]


def place_drop_moves(at: TableLayout, generator: np.random.Generator) -> list[Move]:
    """Lose the block at 40 to 60 % of the way to the stand, and rise."""
    begun, end = at.block + _up(CARRIED_M), at.stand + _up(CARRIED_M)
    lost = begun + generator.uniform(*LOST_SHARE) * (end - begun)
    return [*_lifted(at.block), Move(lost, False), Move(lost, True, 4), Move(lost + _up(LEFT_M))]


MOVES: Mapping[str, Callable[[TableLayout, np.random.Generator], list[Move]]] = {
    "success": success_moves,
    "near_miss": near_miss_moves,
    "wrong_object": wrong_object_moves,
    "drop": drop_moves,
    "stop_early": stop_early_moves,
    "reversed": success_moves,
    "place_success": place_moves,
    "place_miss": place_miss_moves,
    "place_drop": place_drop_moves,
    "place_reversed": place_moves,
}
"""`reversed` and `place_reversed` are successes, played backwards."""
EPISODE_KINDS = tuple(MOVES)

EPISODE_TASKS: Mapping[str, EpisodeTask] = {
    "reach": EpisodeTask(
        "reach the red block",
        ("gripper", "red block"),
        "gripper_to_object_m",
        0.04,
        "success",
        ("near_miss", "wrong_object", "drop", "stop_early"),
        "reversed",
    ),
    "place": EpisodeTask(
        "put the red block on the green stand",
        ("red block", "green stand"),
        "object_to_goal_m",
        0.055,
        "place_success",
        ("place_miss", "place_drop"),
        "place_reversed",
        needs_stand=True,
    ),
}
FAILED_KINDS = EPISODE_TASKS["reach"].failed
TASK_OF_KIND = {
    kind: name for name, task in EPISODE_TASKS.items() for kind in (task.success, *task.failed, task.backwards)
}


def _grasp(thing: Point) -> list[Move]:
    return [Move(thing + _up(ABOVE_M)), Move(thing), Move(thing, False, CLOSING_STEPS)]


def _lifted(block: Point) -> list[Move]:
    """Grasp and lift the block before the episode begins."""
    moves = [*_grasp(block), Move(block + _up(CARRIED_M), False)]
    return [Move(one.to_m, one.is_open, one.wait, before=True) for one in moves]


def _put(place: Point) -> list[Move]:
    above, low = place + _up(CARRIED_M), place + _up(PUT_M)
    return [Move(above, False), Move(low, False), Move(low, True, 3), Move(low + _up(LEFT_M))]


def _up(height_m: float) -> Point:
    return np.array([0.0, 0.0, height_m])


def _short_of(block: Point, start: Point, generator: np.random.Generator) -> Point:
    """Return a step back from the block, towards the start, and up: no finger touches the block."""
    back = start - block
    back[2] = max(back[2], 0.6 * float(np.hypot(back[0], back[1])))
    return back / np.linalg.norm(back) * generator.uniform(*NEAR_MISS_M)
