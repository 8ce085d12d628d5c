"""A furnished room: a generator enters, a whole Room with its camera and captions leaves."""

from dataclasses import replace

import numpy as np

from spatialvlm.errors import ContractError
from spatialvlm.worlds.rooms.placement import Arrangement
from spatialvlm.worlds.rooms.plans import PLANS, ROBOT_TABLE, Plan
from spatialvlm.worlds.rooms.room import Room
from spatialvlm.worlds.rooms.room_captions import describe
from spatialvlm.worlds.rooms.shell import Shell, build_shell

_ATTEMPTS = 12
_JUDGED = 14, 3  # candidates for the first view, and for each further one


def furnish(rng: np.random.Generator, kind: str | None = None) -> Room:
    """Make a random room of a kind of `PLANS`, by default a random one, seen from a good place in it.

    The same generator gives the same room. Raises ContractError if no attempt leaves a view of at least four things,
    which no seed has done so far.
    """
    return furnish_and_look_around(rng, 1, kind)[0]


def furnish_and_look_around(rng: np.random.Generator, views: int, kind: str | None = None) -> tuple[Room, ...]:
    """Make the room that `furnish` makes, seen from so many good places, the first of them the one there.

    Where too few are found, they come again. Raises ContractError as `furnish` does.
    """
    kinds = list(PLANS)
    weights = np.array([PLANS[name].weight for name in kinds])
    kind = kind or kinds[int(rng.choice(len(kinds), p=weights / weights.sum()))]
    return _furnished(kind, PLANS[kind], rng, views)


def set_robot_table(rng: np.random.Generator, views: int) -> tuple[Room, ...]:
    """Make a table with small things and a gripper above it, seen from so many places near it.

    Where too few are found, they come again. Raises ContractError as `furnish` does.
    """
    return _furnished("robot table", ROBOT_TABLE, rng, views)


def _furnished(kind: str, plan: Plan, rng: np.random.Generator, views: int) -> tuple[Room, ...]:
    for _ in range(_ATTEMPTS):
        rooms = _attempt(kind, plan, rng, views)
        if rooms is not None:
            return rooms
    raise ContractError(f"room of kind {kind!r}: no view with four things in {_ATTEMPTS} attempts; report its seed")


def _attempt(kind: str, plan: Plan, rng: np.random.Generator, views: int) -> tuple[Room, ...] | None:
    size = float(rng.uniform(*plan.width_m)), float(rng.uniform(*plan.length_m)), float(rng.uniform(2.4, 2.75))
    shell = _shell(size, plan, rng)
    arrangement = Arrangement(kind, size, rng, shell.blocked)
    focus = plan.furnish(arrangement)
    if not arrangement.things or (plan.close and focus is None):
        return None
    view = plan.look(arrangement, focus, _JUDGED[0])
    if view is None:
        return None
    things = arrangement.things
    named = tuple(replace(thing, captions=names) for thing, names in zip(things, describe(things, rng)))
    room = Room(kind, size, shell.parts, shell.windows, named, view, int(rng.integers(2**31)))
    others = [plan.look(arrangement, focus, _JUDGED[1]) for _ in range(views - 1)]
    found = [room, *(replace(room, view=other) for other in others if other is not None)]
    return tuple(found[place % len(found)] for place in range(views))


def _shell(size: tuple[float, float, float], plan: Plan, rng: np.random.Generator) -> Shell:
    """Put a door in one wall, a window in one or two of the others."""
    door, *others = (int(number) for number in rng.permutation(4))
    windows = others[: 2 if rng.random() < 0.35 else 1]
    floor = plan.floors[int(rng.integers(len(plan.floors)))]
    return build_shell(size, rng, floor=floor, window_walls=windows, door_wall=door)
