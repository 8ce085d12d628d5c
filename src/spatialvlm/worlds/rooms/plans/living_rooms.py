"""Living rooms and bedrooms: an empty room enters, it is furnished around a sofa or a bed."""

from spatialvlm.worlds.rooms.placement import Arrangement
from spatialvlm.worlds.rooms.plans import tabletops
from spatialvlm.worlds.rooms.plans.relative_placement import (
    against_wall,
    at_side,
    before,
    beside,
    corner_and_wall_things,
    hang_above,
    lay_rug_before,
    scatter,
    shuffled_walls,
    wall_behind,
)
from spatialvlm.worlds.rooms.plans.tabletops import LEFT, RIGHT, dress, fill_shelf, largest_top
from spatialvlm.worlds.rooms.room import Wall, walls_of


def living_room(room: Arrangement) -> None:
    """Place a sofa with a low table before it, a television opposite, shelves, lamps and plants around."""
    sofa = against_wall(room, room.make("sofa"), shuffled_walls(room), spread=0.5, gap_m=(0.0, 0.08))
    if sofa is not None:
        _seating_group(room, sofa)
        opposite = walls_of(room.size_m)[(wall_behind(room, sofa).number + 2) % 4]
        _television(room, [opposite, *shuffled_walls(room)])
    if room.chance(0.75):
        fill_shelf(room, against_wall(room, room.make("bookshelf"), shuffled_walls(room)))
    if room.chance(0.4):
        dress(room, against_wall(room, room.make("cabinet"), shuffled_walls(room)), tabletops.CABINET)
    corner_and_wall_things(room, "tall_plant floor_lamp armchair", "picture clock picture")
    scatter(room, "ball|basket|box|backpack|toy car|teddy bear|book", 3)


def _seating_group(room: Arrangement, sofa: int) -> None:
    _lean_pillows(room, sofa, int(room.rng.integers(0, 4)))
    if room.chance(0.8):
        hang_above(room, sofa, "picture")
    sides = [int(side) for side in room.rng.permutation([-1, 1])]
    if room.chance(0.75):
        dress(room, beside(room, sofa, room.make("side table"), sides, flush=0.0), tabletops.SIDE_TABLE)
    if room.chance(0.7):
        beside(room, sofa, room.make("floor lamp"), sides[::-1], gap_m=(0.08, 0.25))
    rug = lay_rug_before(room, sofa) if room.chance(0.7) else None
    table = _table_before(room, sofa, rug)
    if table is None:
        return
    dress(room, table, tabletops.COFFEE_TABLE)
    seats = [int(side) for side in room.rng.permutation([0, 1, 3])][: int(room.rng.integers(0, 3))]
    armchair = room.make("armchair")
    for side in seats:
        at_side(room, table, armchair, side, along_m=room.between(-0.1, 0.1), tuck_m=-room.between(0.3, 0.5))


def _table_before(room: Arrangement, sofa: int, rug: int | None) -> int | None:
    """Place a low table on the rug where it fits there, or before the sofa."""
    table = room.make("coffee table")
    if rug is not None:
        face = room.things[rug].furniture.tops[0]
        turn = room.things[sofa].yaw_rad - room.things[rug].yaw_rad
        on = room.put_on(table, rug, face, across=(-0.2, 0.2), back=(-0.2, 0.2), turn_rad=turn, mount="floor", tries=2)
        if on is not None:
            return on
    return before(room, sofa, table, gap_m=room.between(0.32, 0.5))


def _lean_pillows(room: Arrangement, sofa: int, count: int) -> None:
    """Place pillows on the seat, at its ends first."""
    top = largest_top(room, sofa)
    if top is None:
        return
    ends = [LEFT, RIGHT] if room.chance(0.5) else [RIGHT, LEFT]
    for across in [*ends, (-1.0, 1.0)][:count]:
        room.put_on(room.make("pillow"), sofa, top, across=across, back=(0.5, 1.0), turn_rad=room.between(-0.4, 0.4))


def _television(room: Arrangement, walls: list[Wall]) -> None:
    """Place a television on a low cabinet, and what stands beside it."""
    stand = against_wall(room, room.make("tv stand"), walls, spread=0.4)
    top = None if stand is None else largest_top(room, stand)
    if stand is None or top is None:
        return
    for _ in range(3):
        middle = room.between(-0.1, 0.1)
        if room.put_on(room.make("television"), stand, top, across=(middle, middle), back=(-0.2, 0.4)) is not None:
            break
    dress(room, stand, tabletops.SIDEBOARD)
    if room.chance(0.4):
        beside(room, stand, room.make(room.pick(("tall plant", "floor lamp", "basket"))), [1, -1], gap_m=(0.05, 0.2))


def bedroom(room: Arrangement) -> None:
    """Place a bed with nightstands and lamps, a dresser, perhaps a desk, a rug and a chair."""
    bed = against_wall(room, room.make("bed"), shuffled_walls(room), spread=0.6)
    if bed is not None:
        _bed_group(room, bed)
    if room.chance(0.5):
        against_wall(room, room.make("wardrobe"), shuffled_walls(room))
    if room.chance(0.8):
        dresser = against_wall(room, room.make("dresser"), shuffled_walls(room), spread=0.8)
        dress(room, dresser, tabletops.DRESSER)
        if dresser is not None and room.chance(0.5):
            hang_above(room, dresser, "picture")
    if room.chance(0.35):
        fill_shelf(room, against_wall(room, room.make("bookshelf"), shuffled_walls(room)))
    corner_and_wall_things(room, "tall_plant armchair floor_lamp", "clock picture")
    scatter(room, "backpack|basket|box|ball|suitcase|teddy bear|shoe|book|stool", 3)


def _bed_group(room: Arrangement, bed: int) -> None:
    head, cover = room.things[bed].furniture.tops[0], room.things[bed].furniture.tops[-1]
    pillow = room.make("pillow")
    for across in [(-0.9, -0.5), (0.5, 0.9)] if room.extent_at(bed).width > 1.25 else [(-0.1, 0.1)]:
        room.put_on(pillow, bed, head, across=across, back=(0.0, 1.0), turn_rad=room.between(-0.1, 0.1))
    for name, share in (("pillow", 0.3), ("book|teddy bear|laptop|backpack", 0.4)):
        if room.chance(share):
            furniture = room.make(room.pick(name.split("|")))
            room.put_on(furniture, bed, cover, across=(-0.8, 0.8), turn_rad=room.between(-1.0, 1.0))
    if room.chance(0.7):
        hang_above(room, bed, "picture")
    nightstand = room.make("nightstand")
    for side in (-1, 1):
        if room.chance(0.85):
            dress(room, beside(room, bed, nightstand, [side], gap_m=(0.03, 0.12)), tabletops.NIGHTSTAND)
    if room.chance(0.4):
        before(room, bed, room.make("bench"), gap_m=0.05)
    elif room.chance(0.7):
        lay_rug_before(room, bed)
