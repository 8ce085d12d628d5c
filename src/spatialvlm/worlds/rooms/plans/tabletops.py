"""What stands on what: a table of things for each kind of top; an arrangement and a thing in it enter, it is laid."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from spatialvlm.worlds.rooms.placement import Arrangement, Span
from spatialvlm.worlds.rooms.plans.relative_placement import pile
from spatialvlm.worlds.rooms.room import Top

LEFT, MIDDLE, RIGHT = (-1.0, -0.45), (-0.4, 0.4), (0.45, 1.0)
FRONT, CENTRE, BACK, ANY = (-1.0, -0.3), (-0.35, 0.35), (0.35, 1.0), (-1.0, 1.0)
ASKEW = 0.35
ANY_SMALL = "anything small"
SMALL_M = 0.35
ROUND = math.pi


@dataclass(frozen=True, slots=True)
class Rule:
    """One of several categories, how often it is there, whereabouts on the top, and how far it may be turned.

    `ANY_SMALL` among them is any small one that suits the room.

    `mirrored` lets it be on the other side as well. `pile` is the most that may lie on it.
    """

    names: str
    share: float
    across: Span = ANY
    back: Span = ANY
    turn_rad: float = ASKEW
    mirrored: bool = False
    pile: int = 0


COFFEE_TABLE = (
    Rule("book", 0.7, (-0.8, 0.1), ANY, 0.6, mirrored=True, pile=2),
    Rule("vase|plant|candle|bowl", 0.7, MIDDLE, CENTRE, ROUND),
    Rule("mug|cup|can|wine glass", 0.6, RIGHT, ANY, ROUND, mirrored=True),
    Rule("mug|cup|remote control|remote control|anything small", 0.6, LEFT, ANY, ROUND, mirrored=True),
    Rule("laptop|box|tray|candle|anything small", 0.4, LEFT, FRONT, ASKEW, mirrored=True),
)
NIGHTSTAND = (
    Rule("table lamp", 0.85, (-0.4, 0.4), (0.2, 1.0), 0.2),
    Rule("book", 0.6, ANY, (-1.0, 0.2), 0.6, pile=1),
    Rule("mug|alarm clock|cup|candle|bottle|phone|anything small", 0.7, ANY, FRONT, ASKEW),
)
DRESSER = (
    Rule("table lamp|vase|plant", 0.8, RIGHT, ANY, 0.3, mirrored=True),
    Rule("book|box", 0.6, MIDDLE, ANY, 0.5, pile=2),
    Rule("candle|vase|bowl|alarm clock|toy car|teddy bear", 0.7, LEFT, ANY, 0.5, mirrored=True),
    Rule("candle|bottle|anything small|anything small", 0.5, (-0.5, 0.0), FRONT, 0.5, mirrored=True),
)
SIDEBOARD = (
    Rule("vase|plant|table lamp|speaker|speaker", 0.8, RIGHT, ANY, 0.4, mirrored=True),
    Rule("book|box|candle|speaker|anything small", 0.7, LEFT, ANY, 0.5, mirrored=True, pile=1),
    Rule("candle|bowl|bottle", 0.4, ANY, FRONT, 0.5),
)
CABINET = (
    Rule("plant|vase|box|basket", 0.7, RIGHT, ANY, ASKEW, mirrored=True),
    Rule("printer|box|book|globe", 0.7, MIDDLE, ANY, 0.15, pile=2),
    Rule("mug|candle|can|book|anything small", 0.5, LEFT, ANY, 0.5, mirrored=True),
)
SIDE_TABLE = (
    Rule("table lamp|vase|plant", 0.9, MIDDLE, (0.0, 1.0), ASKEW),
    Rule("mug|book|cup|candle", 0.5, ANY, FRONT, 0.5),
)
SHELF = (
    Rule("book", 1.0, ANY, (-0.4, 0.4), 0.3, pile=3),
    Rule("vase|box|plant|candle|ball|anything small|anything small", 0.8, RIGHT, (-0.5, 0.5), 0.4, mirrored=True),
    Rule("box|basket|bowl|toy car|teddy bear|globe", 0.5, LEFT, (-0.5, 0.5), 0.3, mirrored=True),
)
DINING_MIDDLE = (
    Rule("vase|bowl|plant|candle", 0.85, (-0.25, 0.25), (-0.25, 0.25), ROUND),
    Rule("bottle|wine bottle|pitcher|kettle", 0.5, (0.15, 0.5), (-0.3, 0.3), ROUND, mirrored=True),
    Rule("apple|orange|banana|candle|teapot|anything small", 0.5, (-0.5, -0.2), (-0.4, 0.4), ROUND, mirrored=True),
)
FULL_TABLE = (
    *DINING_MIDDLE,
    Rule("wine bottle|bottle|pitcher|teapot", 0.8, (-0.4, 0.4), (-0.5, 0.5), ROUND),
    Rule("bowl|pot|cutting board|tray", 0.8, (-0.5, 0.5), (-0.5, 0.5), ROUND),
    Rule("apple|orange|banana|pear|lemon", 0.9, ANY, (-0.6, 0.6), ROUND),
    Rule("jar|candle|can|apple|anything small", 0.8, ANY, (-0.6, 0.6), ROUND),
)
WORKTOP = (
    Rule("kettle|toaster|microwave|coffee machine", 0.7, LEFT, (0.1, 1.0), 0.15, mirrored=True),
    Rule("bottle|vase|plant|cereal box|box", 0.6, MIDDLE, (0.1, 1.0), 0.4),
    Rule("bowl|pot|pan|cutting board", 0.6, MIDDLE, CENTRE, 0.6),
    Rule("mug|cup|can|apple|orange|banana|plate", 0.7, RIGHT, FRONT, ROUND, mirrored=True),
    Rule("mug|bowl|bottle|teapot|anything small", 0.6, ANY, FRONT, ROUND),
)
HOB = (Rule("pot|pan|kettle", 0.8, (-0.9, -0.2), (0.1, 0.9), 0.6, mirrored=True), Rule("pan|pot", 0.3, ANY, FRONT, 0.6))
FRIDGE = (Rule("box|basket|cereal box|plant", 0.4, ANY, CENTRE, 0.3, pile=1),)
FULL_WORKTOP = (
    *WORKTOP,
    Rule("kettle|toaster|coffee machine|pot", 0.8, RIGHT, (0.2, 1.0), 0.15, mirrored=True),
    Rule("plate|bowl|cutting board", 0.9, MIDDLE, FRONT, 0.6),
    Rule("mug|cup", 0.9, ANY, ANY, ROUND),
    Rule("bottle|can|cereal box", 0.9, ANY, BACK, ROUND),
    Rule("apple|orange|banana", 0.8, ANY, ANY, ROUND),
    Rule("apple|orange|can|anything small|anything small", 0.7, ANY, ANY, ROUND),
)
DESK_SIDES = (
    Rule("desk lamp|table lamp", 0.75, (-1.0, -0.75), (0.4, 1.0), 0.4, mirrored=True),
    Rule("book", 0.75, (-0.95, -0.55), (-0.5, 0.6), 0.4, mirrored=True, pile=3),
    Rule("mug|cup|can|bottle", 0.8, (0.5, 0.9), (-0.7, 0.3), ROUND, mirrored=True),
    Rule("plant|vase|box|alarm clock", 0.5, (0.65, 1.0), (0.3, 1.0), 0.4, mirrored=True),
    Rule("pencil cup|pencil cup|tissue box|puzzle cube|anything small", 0.5, (-0.8, -0.45), ANY, ROUND, mirrored=True),
)
FULL_DESK = (
    *DESK_SIDES,
    Rule("book|box", 0.8, (0.5, 1.0), (-0.6, 0.4), 0.5, mirrored=True, pile=2),
    Rule("phone|apple|anything small|anything small", 0.8, ANY, ANY, ROUND),
    Rule("bowl|phone|box|anything small", 0.6, ANY, (-0.6, 0.4), ROUND),
    Rule("mug|cup|bottle|can", 0.6, ANY, (-0.8, 0.2), ROUND),
)

_FRUIT = Rule("apple|orange|lemon|pear|banana", 1.0, ANY, ANY, ROUND)
SERVED = {
    "plate": (_FRUIT,),
    "cutting board": (_FRUIT, _FRUIT),
    "tray": (
        Rule("mug|cup|teapot|candle|bottle", 0.9, LEFT, ANY, ROUND),
        Rule("mug|cup|jar|apple", 0.8, RIGHT, ANY, ROUND),
    ),
    "microwave": (Rule("box|cereal box|plant|basket", 1.0, ANY, ANY, 0.3),),
}
"""What stands on a thing that stands on a top itself."""

_PLATE, _DRINK = Rule("plate|plate|bowl", 0.85, turn_rad=0.0), Rule("mug|cup|wine glass", 0.8, turn_rad=ROUND)


def largest_top(room: Arrangement, index: int) -> Top | None:
    """Find the open top of a thing with the most room; None where it has none."""
    tops = [top for top in room.things[index].furniture.tops if top.room_m > 0.5]
    return max(tops, key=_area, default=None)


def _area(top: Top) -> float:
    return (top.high_xy[0] - top.low_xy[0]) * (top.high_xy[1] - top.low_xy[1])


def dress(room: Arrangement, index: int | None, rules: Sequence[Rule], top: Top | None = None) -> None:
    """Put what the table says on a top of a thing: the given one, or the largest. What finds no place is left out."""
    if index is None:
        return
    top = top or largest_top(room, index)
    if top is None:
        return
    for rule in rules:
        if room.chance(rule.share):
            _stand(room, index, top, rule)


def _stand(room: Arrangement, index: int, top: Top, rule: Rule) -> None:
    name = room.pick(rule.names.split("|"))
    furniture = room.make_any("top", SMALL_M) if name == ANY_SMALL else room.make(name)
    if furniture is None:
        return
    across = rule.across
    if rule.mirrored and room.chance(0.5):
        across = (-across[1], -across[0])
    turn_rad = room.between(-rule.turn_rad, rule.turn_rad)
    placed = room.put_on(furniture, index, top, across=across, back=rule.back, turn_rad=turn_rad)
    if placed is None:
        return
    if rule.pile and name != ANY_SMALL:
        pile(room, placed, name, int(room.rng.integers(rule.pile + 1)))
    elif name in SERVED and room.chance(0.6):
        dress(room, placed, SERVED[name], furniture.tops[0])


def fill_shelf(room: Arrangement, index: int | None, most: int = 8) -> None:
    """Put something into the compartments of a shelf, in any order, up to about so many things."""
    if index is None:
        return
    tops, start = room.things[index].furniture.tops, len(room.things)
    for which in room.rng.permutation(len(tops)):
        if len(room.things) - start >= most:
            return
        if room.chance(0.8):
            dress(room, index, [SHELF[int(room.rng.integers(len(SHELF)))]], tops[which])


def set_desk(room: Arrangement, index: int, rules: Sequence[Rule]) -> None:
    """Set a place to work: a monitor with keyboard and mouse before it, or a laptop; then what stands at the sides."""
    top = largest_top(room, index)
    if top is None:
        return
    shift = room.between(-0.15, 0.15)
    screen = (shift - 0.03, shift + 0.03)
    turn = room.between(-0.1, 0.1)
    monitor = None
    if room.chance(0.65):
        monitor = room.put_on(room.make("monitor"), index, top, across=screen, back=(0.45, 0.85), turn_rad=turn)
    if monitor is not None:
        room.put_on(room.make("keyboard"), index, top, across=screen, back=(-0.75, -0.45))
        mouse = (shift + 0.4, shift + 0.6)
        room.put_on(room.make("computer mouse"), index, top, across=mouse, back=(-0.75, -0.45))
    else:
        room.put_on(room.make("laptop"), index, top, across=screen, back=(-0.5, 0.1), turn_rad=3 * turn)
    dress(room, index, rules, top)


def set_places(room: Arrangement, table: int, sides: Sequence[tuple[int, float]]) -> None:
    """Set a plate or bowl and a drink before each seat: (side as in `at_side`, share of the way along it)."""
    top = largest_top(room, table)
    if top is None:
        return
    for side, along in sides:
        outward, right = ((0, -1), (1, 0), (0, 1), (-1, 0))[side], ((1, 0), (0, 1), (-1, 0), (0, -1))[side]
        for rule, out, aside in ((_PLATE, 0.75, 0.0), (_DRINK, 0.45, 0.25 if side % 2 == 0 else 0.0)):
            x, y = (out * outward[i] + (along + aside) * right[i] for i in (0, 1))
            spot = replace(rule, across=(x - 0.02, x + 0.02), back=(y - 0.02, y + 0.02))
            dress(room, table, [spot], top)
