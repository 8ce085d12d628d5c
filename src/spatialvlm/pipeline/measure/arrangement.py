"""How three and more stand to each other: what is within a radius, between two, and what fits or passes there.

Limits that a question gives come from ladders of lengths that people say, so that the same scene asks the same.
"""

from functools import lru_cache
from itertools import combinations

import numpy as np
from jaxtyping import Bool, Float64, Int, Int8

from spatialvlm.pipeline.measure.balance import balance
from spatialvlm.pipeline.measure.column import WHOLE, Column, Quantity, Rows, Table
from spatialvlm.pipeline.measure.comparisons import SCALE_THAT_COUNTS
from spatialvlm.pipeline.measure.distances import gaps_of_pairs
from spatialvlm.pipeline.measure.lengths import (
    between_centres,
    error_of_centres,
    extent_errors,
    place_floor,
    top_error,
)
from spatialvlm.pipeline.measure.objects import PerPair, dot

RADII_M = np.array([0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0])
WIDTHS_M = np.array([0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.2, 1.5, 2.0])
HEIGHTS_M = np.array([0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.2, 1.5, 1.8, 2.0, 2.5])

END_SHARE, ASIDE_SHARE = 0.05, 0.375
"""Between two is what lies this share of their distance inwards of either, and no more than that aside of the line."""
CLEAR_OF_END, CLEAR_OF_ASIDE = 0.15, 0.125
"""Nobody is asked of what is nearer to those limits: 20 % inwards and a quarter aside is between, a half aside not."""

MOST_ANCHORED = 60
"""Of so many anchors with those listed beside them is a scene asked."""

_UNDECIDED = 16  # more than any count


def _within(table: Table) -> Column:
    """Count within two radii for each anchor and its listed, as far as there are two that count differently."""
    objects, (a, b) = table.objects, table.pairs
    away, error = between_centres(objects, a, b, slice(0, 3), 0.0)
    error = np.hypot(error, objects.setting.scale[a] * away)
    least = place_floor(objects, table.config)
    margin = np.maximum(table.config.margin_sigmas * error, np.maximum(least[a], least[b]))
    # The row after the last stands for who is not listed: infinitely far away, and within no radius.
    away, error, margin = np.append(away, np.inf), np.append(error, 0.0), np.append(margin, 0.0)
    beyond = away[:, None] - RADII_M
    state = np.where(np.abs(beyond) > margin[:, None], beyond < 0.0, _UNDECIDED).astype(np.int8)

    rows = _anchored_rows(table)
    pair = np.where(rows[:, 1:] < 0, len(a), table.pair_of(rows[:, :1], rows[:, 1:]))
    counts = state[pair[:, 0]] + state[pair[:, 1]] + state[pair[:, 2]] + state[pair[:, 3]]
    first, second, other = _two_radii(counts, (rows[:, 1:] >= 0).sum(axis=1))
    which, radius = np.concatenate([np.arange(len(rows)), other]), np.concatenate([first, second[other]])
    rows, pair, counts = rows[which], pair[which], counts[which, radius]
    spare = np.abs(away[pair] - RADII_M[radius][:, None])
    nearest, every = spare.argmin(axis=1), np.arange(len(rows))
    column = Column(
        rows,
        spare[every, nearest],
        error[pair[every, nearest]],
        outcome=counts % _UNDECIDED,
        given=RADII_M[radius],
    )
    column.refuse("relative_scale", ~objects.setting.metric[column.first])
    column.refuse_cut(objects)
    column.refuse("too_close_to_call", counts >= _UNDECIDED)
    return column


def _two_radii(
    counts: Int8[np.ndarray, "g r"], listed: Int[np.ndarray, " g"]
) -> tuple[Int[np.ndarray, " g"], Int[np.ndarray, " g"], Int[np.ndarray, " k"]]:
    """Choose two radii for each group among those that are decided, and tell which groups have a second one.

    The first one parts the listed most evenly. The second one's count differs most from the first one's.
    """
    decided, every = counts < _UNDECIDED, np.arange(len(counts))
    first = np.where(decided, np.abs(2 * counts - listed.astype(np.int8)[:, None]), np.int8(127)).argmin(axis=1)
    apart = np.where(decided, np.abs(counts - counts[every, first][:, None]), np.int8(0))
    steps = np.abs(np.arange(len(RADII_M)) - first[:, None]).astype(np.int8)
    second = (np.int8(len(RADII_M)) * apart - steps).argmax(axis=1)
    return first, second, np.flatnonzero(decided[every, first] & (apart[every, second] > 0))


def _anchored_rows(table: Table) -> Rows:
    found, first = [_anchored(0)], 0
    for scene in table.scenes:
        rows = _anchored(len(scene.objects))
        found.append(np.where(rows < 0, -1, rows + first))
        first += len(scene.objects)
    return np.concatenate(found)


@lru_cache(maxsize=128)
def _anchored(count: int) -> Int[np.ndarray, "g 5"]:
    """List an anchor and three or four others, padded; of too many those that are spread evenly over all."""
    every = [
        (anchor, *listed, *(-1,) * (4 - size))
        for anchor in range(count)
        for size in (3, 4)
        for listed in combinations([one for one in range(count) if one != anchor], size)
    ]
    rows = np.array(every, np.int64).reshape(-1, 5)
    if len(rows) <= MOST_ANCHORED:
        return rows
    return rows[np.linspace(0, len(rows) - 1, MOST_ANCHORED).astype(np.int64)]


def _between(table: Table) -> Column:
    """Compare where A is, along and aside of the way from B to C, with the limits; on the ground where up is known."""
    objects, rows = table.objects, table.roles
    number, error = np.zeros(len(rows)), np.zeros(len(rows))
    column = Column(rows, number, error)
    column.refuse_cut(objects)
    asked = np.flatnonzero(column.code == 0)
    number[asked], error[asked], column.outcome[asked] = _betweenness(table, rows[asked])
    column.refuse("too_close_to_call", column.outcome == 0)
    balance(column, table, (-1, 1))
    return column


def _betweenness(table: Table, rows: Rows) -> tuple[PerPair, PerPair, Int8[np.ndarray, " p"]]:
    """Measure by how much A is between B and C, its error, and what is clear: 1 it is, -1 it is not, 0 neither."""
    objects, config, (a, b, c) = table.objects, table.config, rows.T
    centre = objects.centre * np.stack([*np.ones((2, len(objects.place))), ~objects.setting.upright])
    if objects.setting.upright.all():
        centre = centre[:2]
    at_a, at_b, at_c = (np.take(centre, at, axis=1) for at in (a, b, c))
    to_a, to_c = at_a - at_b, at_c - at_b
    length = np.maximum(np.sqrt(dot(to_c, to_c)), 1e-9)
    way = to_c / length
    along = dot(to_a, way)
    off = to_a - along * way
    aside = np.sqrt(dot(off, off))
    aside_way = off / np.maximum(aside, 1e-9)

    back = along > length / 2  # of the two ends the nearer one counts
    inwards = np.where(back, length - along, along) - END_SHARE * length
    near = ASIDE_SHARE * length - aside
    turn = aside / length * aside_way  # how `along` grows as the way turns with C
    of_a, of_c = np.where(back, -way, way), np.where(back, way - turn, turn) - END_SHARE * way
    inwards_error = error_of_centres(objects, (a, b, c), (of_a, -of_a - of_c, of_c))
    of_c = ASIDE_SHARE * way + along / length * aside_way
    near_error = error_of_centres(objects, (a, b, c), (-aside_way, aside_way - of_c, of_c))

    least = place_floor(objects, config)
    least = np.maximum(np.maximum(least[a], least[b]), least[c])
    by_end = np.maximum(np.maximum(config.margin_sigmas * inwards_error, CLEAR_OF_END * length), least)
    by_side = np.maximum(np.maximum(config.margin_sigmas * near_error, CLEAR_OF_ASIDE * length), least)
    inwards_clear, near_clear = inwards / by_end, near / by_side
    worst = np.minimum(inwards_clear, near_clear)
    ends = inwards_clear <= near_clear
    number, error = np.where(ends, inwards, near), np.where(ends, inwards_error, near_error)
    return number, error, (np.sign(worst) * (np.abs(worst) > 1.0)).astype(np.int8)


def _fits_between(table: Table) -> Column:
    """Compare the gap between B and C with the larger horizontal extent of A, or where it is less, with the smaller."""
    objects, config, rows = table.objects, table.config, table.roles
    a, b, c = rows.T
    pair = table.pair_of(b, c)
    gap, gap_error = (values[pair] for values in table.shared(gaps_of_pairs))
    extent, error = objects.end_to_end[:2], extent_errors(objects)[:2]
    wide, every = extent.argmax(axis=0), np.arange(extent.shape[1])
    larger, smaller = extent[wide, every][a], extent[1 - wide, every][a]
    fits = gap > larger
    number = np.where(fits, gap - larger, gap - smaller)
    own_error = np.where(fits, error[wide, every][a], error[1 - wide, every][a])
    scaled = np.minimum(objects.setting.scale[a], SCALE_THAT_COUNTS) * number
    column = Column(
        rows,
        number,
        np.sqrt(gap_error**2 + own_error**2 + scaled**2),
        outcome=np.where(fits, np.int8(1), np.int8(-1)),
    )
    least, known = place_floor(objects, config), objects.bottom_known
    least = np.maximum(least[b], least[c])
    level = known[b] & known[c] & (np.abs(objects.low[2, b] - objects.low[2, c]) < least)
    column.refuse("gravity_unknown", ~objects.setting.upright[a])
    column.refuse_cut(objects)
    column.refuse("not_level", ~level)
    floor = np.maximum(least, config.size_floor_share * larger)
    clear = number * column.outcome > np.maximum(config.margin_sigmas * column.error, floor)
    column.refuse("too_close_to_call", ~clear)
    balance(column, table, (-1, 1))
    return column


def _passes_between(table: Table) -> Column:
    objects, (a, b) = table.objects, table.pairs
    gap, error = table.shared(gaps_of_pairs)
    least = place_floor(objects, table.config)
    column, clear = _on_ladder(table, np.stack([a, b], axis=1), gap, error, np.maximum(least[a], least[b]), WIDTHS_M)
    column.refuse("gravity_unknown", ~objects.setting.upright[column.first])
    column.refuse("relative_scale", ~objects.setting.metric[column.first])
    column.refuse_cut(objects)
    column.refuse("too_close_to_call", ~clear)
    balance(column, table, (-1, 1))
    return column


def _top(table: Table) -> Column:
    objects = table.objects
    top, floor = objects.high[2], place_floor(objects, table.config)
    column, clear = _on_ladder(table, table.singles, top, top_error(objects), floor, HEIGHTS_M)
    column.refuse("gravity_unknown", ~objects.setting.upright[column.first])
    column.refuse("no_support_plane", ~objects.setting.on_plane[column.first])
    column.refuse("relative_scale", ~objects.setting.metric[column.first])
    column.refuse("below_support", top[column.first] < 0.0)
    column.refuse_cut(objects)
    column.refuse("too_close_to_call", ~clear)
    balance(column, table, (-1, 1))
    return column


def _on_ladder(
    table: Table, subjects: Rows, length: PerPair, error: PerPair, floor: PerPair, ladder: Float64[np.ndarray, " r"]
) -> tuple[Column, Bool[np.ndarray, " k"]]:
    """Compare lengths with the greatest limit that is clearly less, and with the least that is clearly more.

    Tell which rows are clear; of lengths that no limit is clear of there is one that is not.
    """
    error = np.hypot(error, table.objects.setting.scale[subjects[:, 0]] * length)
    margin = np.maximum(table.config.margin_sigmas * error, floor)
    less = np.searchsorted(ladder, length - margin)
    more = len(ladder) - np.searchsorted(ladder, length + margin, side="right")
    over, under = np.flatnonzero((less > 0) | (more == 0)), np.flatnonzero(more > 0)
    rows = np.concatenate([over, under])
    given = ladder[np.concatenate([np.maximum(less[over] - 1, 0), len(ladder) - more[under]])]
    outcome = np.repeat(np.array([1, -1], np.int8), [len(over), len(under)])
    column = Column(subjects[rows], length[rows] - given, error[rows], outcome=outcome, given=given)
    return column, (less + more)[rows] > 0


QUANTITIES = (
    Quantity(
        "within",
        "how many of the listed have their box centre within the given radius of A's; each of them is clear of it",
        _within,
        ("relative_scale", *WHOLE, "too_close_to_call"),
    ),
    Quantity(
        "between",
        "whether the foot of A's box centre on the line through the centres of B and C lies between the two, at least "
        "5 % of their distance from either, and A at most 3/8 of that distance aside of it; seen from above where up "
        "is known. Asked where A is 20 % from either and at most 1/4 aside, or beyond either by 10 %, or 1/2 aside",
        _between,
        (*WHOLE, "too_close_to_call", "outweighed"),
    ),
    Quantity(
        "fits_between",
        "the gap between B and C less the larger of A's width and depth as the viewer sees them; where the gap is less "
        "than the smaller of these, A does not fit. B and C have their bottoms at one height; whatever else is in the "
        "gap is left out of account",
        _fits_between,
        ("gravity_unknown", *WHOLE, "not_level", "too_close_to_call", "outweighed"),
    ),
    Quantity(
        "passes_between",
        "the gap between A and B, the distance of their nearest visible surfaces, less the given width",
        _passes_between,
        ("gravity_unknown", "relative_scale", *WHOLE, "too_close_to_call", "outweighed"),
    ),
    Quantity(
        "top",
        "the height of the box top above the support plane, which the question names, less the given height",
        _top,
        (
            *("gravity_unknown", "no_support_plane", "relative_scale", "below_support", *WHOLE),
            *("too_close_to_call", "outweighed"),
        ),
    ),
)
