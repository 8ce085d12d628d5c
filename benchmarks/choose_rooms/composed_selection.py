"""Choose the composed questions: so many of each kind, answers balanced, names that tell nothing.

A cell is an answer of a kind, or a size: the number of options and the place of the right one, an order, a count, an
hour, a half octave of lengths, 10 degrees of angles, a ninth of the image, the reason why nothing can be told. Cells
get equal shares, as far as the rooms have them. In each cell a learner that knows the names from other rooms
(name_learner.py) is right about as often as chance, and unsure: those questions are taken first that it is least sure
of, of rooms and names that were taken least. No chance anywhere: the same candidates give the same choice.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field

from choose_rooms.composed_candidates import Composed
from choose_rooms.name_learner import Guess, guess_by_names, label_of
from choose_rooms.selection import share_equally
from spatialvlm.answers import Angle, BoundingBox, CannotTell, Choice, Clock, Count, Length, Order, Region, YesNo
from spatialvlm.kinds import KINDS
from spatialvlm.records import QA

PLAN: Mapping[str, int] = {
    "nearest": 70,
    "farthest": 69,
    "nearest_to_camera": 68,
    "farthest_from_camera": 68,
    "tallest": 68,
    "widest": 68,
    "order_by_distance": 72,
    "order_by_depth": 72,
    "order_by_height": 72,
    "count_within": 70,
    "between": 68,
    "fits_between": 68,
    "passes_between": 68,
    "reaches": 68,
    "perspective_side": 68,
    "perspective_facing": 68,
    "perspective_quadrant": 68,
    "perspective_clock": 72,
    "height_if_told": 68,
    "width_if_told": 68,
    "distance_if_told": 68,
    "locate": 72,
    "locate_box": 72,
    "angle_between": 68,
    "bearing": 68,
    "nearer_point": 68,
    "order_of_points": 72,
    "count_of_class": 51,
    "free_left": 20,
    "free_right": 20,
    "free_front": 20,
    "free_behind": 20,
}
"""How many questions of each kind there are to be. Left out are kinds of which one answer is mostly right."""

PER_ROOM = 2
"""More of one kind a room gives only where the others have none."""
SURE_STEP = 0.1
ANGLE_STEP = math.radians(10.0)
GRID = 3

Cell = tuple[Hashable, ...]


@dataclass(slots=True)
class _Taken:
    """What was taken so far."""

    rooms: Counter[int] = field(default_factory=Counter)
    names: Counter[str] = field(default_factory=Counter)


def select_composed(
    pool: Sequence[Composed], guesses: Sequence[Guess], plan: Mapping[str, int] = PLAN
) -> dict[str, list[int]]:
    """Choose the questions by kind, by their places in the pool; `guesses` say what names tell of each, or nothing."""
    taken, found = _Taken(), {}
    for kind, wanted in plan.items():
        places = [place for place, one in enumerate(pool) if one.qa.kind == kind]
        found[kind] = _select_kind(pool, guesses, places, wanted, taken)
    return found


def guessed(pool: Sequence[Composed]) -> list[Guess]:
    """Guess the answer of each question from those of its kind about other rooms; {} where it is a number."""
    found: list[Guess] = [{}] * len(pool)
    for kind in dict.fromkeys(one.qa.kind for one in pool):
        places = [place for place, one in enumerate(pool) if one.qa.kind == kind]
        if label_of(pool[places[0]].qa) is not None:
            told = guess_by_names([pool[place].room for place in places], [pool[place].qa for place in places])
            for place, guess in zip(places, told, strict=True):
                found[place] = guess
    return found


def cell_of(qa: QA) -> Cell:
    """Find the cell of a question within its kind; the parts of it are shared out one after the other."""
    match qa.value:
        case YesNo(yes):
            return (yes,) if qa.fact.given is None else (yes, qa.fact.given)
        case Choice(options, right):
            return (len(options), right)
        case Order():
            return (len(qa.names), label_of(qa))
        case Count(number) | Clock(number):
            return label_of(qa), number
        case CannotTell(reason):
            return ("untold", reason)
        case Length(metres):
            return ("told", math.floor(2 * math.log2(metres)))
        case Angle(radians):
            return (math.floor(radians / ANGLE_STEP),)
        case Region(polygon):
            return _ninth(*(sum(corner[axis] for corner in polygon) / len(polygon) for axis in (0, 1)))
        case BoundingBox(left, top, right, bottom):
            return _ninth((left + right) / 2, (top + bottom) / 2)
    return ()


def _ninth(x: float, y: float) -> Cell:
    return tuple(min(int(GRID * share), GRID - 1) for share in (x, y))


def share_out(limits: Mapping[Cell, int], wanted: int) -> dict[Cell, int]:
    """Share out what is wanted among cells, equally by the first part of the cells, then by the next."""
    groups: dict[Hashable, dict[Cell, int]] = defaultdict(dict)
    for cell, limit in sorted(limits.items(), key=lambda item: repr(item[0])):
        if not cell:
            return {cell: min(limit, wanted)}
        groups[cell[0]][cell[1:]] = limit
    shares = share_equally([sum(group.values()) for group in groups.values()], wanted)
    return {
        (head, *rest): count
        for (head, group), share in zip(groups.items(), shares, strict=True)
        for rest, count in share_out(group, share).items()
    }


def _select_kind(
    pool: Sequence[Composed], guesses: Sequence[Guess], places: Sequence[int], wanted: int, taken: _Taken
) -> list[int]:
    cells: dict[Cell, list[int]] = defaultdict(list)
    for place in places:
        cells[cell_of(pool[place].qa)].append(place)
    limits = {cell: len(some) for cell, some in cells.items()}
    kind = KINDS[pool[places[0]].qa.kind]
    if kind.given and kind.form.name == "statement":  # as many of each length that is given are true as are false
        limits = {cell: min(limits[cell], limits.get((not cell[0], *cell[1:]), 0)) for cell in cells}
    quotas = share_out(limits, wanted)
    here: Counter[int] = Counter()
    chosen: list[int] = []
    due = 0.0  # hits that cells were too small for
    for cell, quota in quotas.items():
        hits = [place for place in cells[cell] if is_hit(pool[place].qa, guesses[place])]
        misses = [place for place in cells[cell] if not is_hit(pool[place].qa, guesses[place])]
        guess = guesses[cells[cell][0]]
        due += quota / len(guess) if guess else 0.0
        count = min(max(round(due), quota - len(misses), 0), len(hits), quota)
        due -= count
        for some, number in ((hits, count), (misses, quota - count)):
            for _ in range(number):
                best = min(some, key=lambda place: (*_rank(pool[place], guesses[place], here, taken), place))
                some.remove(best)
                chosen.append(best)
                here[pool[best].room] += 1
                taken.rooms[pool[best].room] += 1
                taken.names.update(pool[best].qa.names)
    return sorted(chosen)


def is_hit(qa: QA, guess: Guess) -> bool:
    """Tell whether the likeliest answer of a guess is right."""
    return bool(guess) and max(guess, key=lambda label: guess[label]) == label_of(qa)


def _rank(one: Composed, guess: Guess, here: Counter[int], taken: _Taken) -> tuple[float, ...]:
    sure = max(guess.values()) - 1 / len(guess) if guess else 0.0
    if guess and isinstance(one.qa.value, Order):  # where another order is likelier, the right one may be all but that
        sure = abs(guess[label_of(one.qa)] * len(guess) - 1) / 2
    used = sum(taken.names[name] for name in one.qa.names) / max(len(one.qa.names), 1)
    return here[one.room] >= PER_ROOM, round(sure / SURE_STEP), here[one.room], taken.rooms[one.room], used
