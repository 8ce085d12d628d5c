"""How an episode of a kind goes: where block, decoy and gripper are enters, way points of the gripper leave."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

FAILED_KINDS = ("near_miss", "wrong_object", "drop", "stop_early")
EPISODE_KINDS = ("success", *FAILED_KINDS, "reversed")
"""`success`: the fingers close around the block. `near_miss`: they stop 6 to 10 cm short. `wrong_object`: they close
around the decoy. `drop`: the block is lifted, then lost. `stop_early`: they stop at 40 to 60 % of the way. `reversed`:
a success, played backwards."""

NEAR_MISS_M = (0.06, 0.10)
STOP_SHARE = (0.4, 0.6)
ABOVE_M, LIFT_M = 0.08, 0.10
CLOSING_STEPS = 6

Point = Float64[np.ndarray, " 3"]


@dataclass(frozen=True, slots=True, eq=False)
class Move:
    """A way point of the middle between the fingers, in the simulator's world, and whether they are open on the way.

    `wait` is for how many steps the gripper stays there.
    """

    to_m: Point
    is_open: bool = True
    wait: int = 0


def moves_of(kind: str, block: Point, decoy: Point, start: Point, generator: np.random.Generator) -> list[Move]:
    """Plan an episode from where things are at its start; `start` is the middle between the fingers."""
    match kind:
        case "success" | "reversed":
            return _grasp(block)
        case "near_miss":
            return [Move(block + _short_of(block, start, generator), wait=2)]
        case "wrong_object":
            return _grasp(decoy)
        case "drop":
            up = np.array([0.0, 0.0, LIFT_M])
            return [*_grasp(block), Move(block + up, False), Move(block + up, True, 4), Move(block + 1.8 * up)]
        case _:
            share = generator.uniform(*STOP_SHARE)
            return [Move(start + share * (block - start), wait=2)]


def _grasp(thing: Point) -> list[Move]:
    above = thing + np.array([0.0, 0.0, ABOVE_M])
    return [Move(above), Move(thing), Move(thing, False, CLOSING_STEPS)]


def _short_of(block: Point, start: Point, generator: np.random.Generator) -> Point:
    """Return a step back from the block, towards the start, and up: no finger touches the block."""
    back = start - block
    back[2] = max(back[2], 0.6 * float(np.hypot(back[0], back[1])))
    return back / np.linalg.norm(back) * generator.uniform(*NEAR_MISS_M)
