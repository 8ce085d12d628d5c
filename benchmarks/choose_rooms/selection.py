"""Choose the rooms and questions of the benchmark: Candidates in, for each chosen room its questions out.

A cell is a kind with an answer (comparisons) or with a size, in half octaves (lengths). The two families, the answers
of comparisons and the sizes of lengths get equal quotas as far as there are candidates (`share_equally`). Rooms are
taken greedily, each time the one that gives most to the cells that still need it, the rare ones first. Then a maximum
flow cells -> rooms shares out the questions, so many a room, few of a cell in a room. No chance anywhere: the same
candidates give the same choice.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_flow

from spatialvlm.errors import UserError
from spatialvlm.evaluate.rooms_benchmark.definition import BenchmarkQuestion
from spatialvlm.kinds import KINDS

SIZES_PER_OCTAVE = 2
WIDE = 10  # sizes: five octaves, of which a constant hits two

Cell = tuple[str, int]
Counts = Int[np.ndarray, "r c"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A question that may be chosen; `names` are what its subjects are called."""

    room: int
    question: BenchmarkQuestion
    names: tuple[str, ...]

    @property
    def cell(self) -> Cell:
        """Its kind, and its answer or its size: half octaves above 1 m."""
        if KINDS[self.question.kind].family != "quantitative":
            return self.question.kind, int(self.question.value)
        return self.question.kind, math.floor(SIZES_PER_OCTAVE * math.log2(self.question.value))


@dataclass(frozen=True, slots=True)
class SelectionConfig:
    """How many rooms and questions a room there are to be, and how many of one cell a room may give."""

    rooms: int = 250
    per_room: int = 20
    per_cell: int = 2


def select_questions(candidates: Sequence[Candidate], config: SelectionConfig) -> dict[int, list[Candidate]]:
    """Choose the questions by room, rooms in ascending order, each room's in the order of the candidates.

    Raises UserError where there are fewer rooms with candidates than wanted.
    """
    table = _Table(candidates, config.per_cell)
    if len(table.rooms) < config.rooms:
        raise UserError(f"{len(table.rooms)} rooms have candidates, expected {config.rooms} or more; give more rooms")
    rows = _pick_rooms(table, config)
    dealt = _share_out(table, rows, config)
    used: Counter[str] = Counter()
    return {table.rooms[row]: _pick_questions(table, row, dealt[place], used) for place, row in enumerate(rows)}


class _Table:
    """The candidates by (room, cell), and how many of every cell each room can give: at most `per_cell`."""

    def __init__(self, candidates: Sequence[Candidate], per_cell: int) -> None:
        self.cells = sorted({candidate.cell for candidate in candidates})
        self.rooms = sorted({candidate.room for candidate in candidates})
        self.at: dict[tuple[int, int], list[tuple[int, Candidate]]] = defaultdict(list)
        cell_of = {cell: column for column, cell in enumerate(self.cells)}
        room_of = {room: row for row, room in enumerate(self.rooms)}
        for index, candidate in enumerate(candidates):
            self.at[room_of[candidate.room], cell_of[candidate.cell]].append((index, candidate))
        self.counts = np.zeros((len(self.rooms), len(self.cells)), np.int64)
        for place, found in self.at.items():
            self.counts[place] = min(len(found), per_cell)


def _pick_rooms(table: _Table, config: SelectionConfig) -> list[int]:
    """Pick the rows of the rooms, ascending. A cell's worth is what it needs over what the rooms left could give."""
    need = _quotas(table.cells, table.counts.sum(axis=0), config.rooms * config.per_room).astype(float)
    left = np.ones(len(table.rooms), bool)
    for _ in range(config.rooms):
        supply = np.maximum(table.counts[left].sum(axis=0), 1)
        worth = np.where(table.counts > 0, np.maximum(need, 0.0) / supply, 0.0)
        best = np.argsort(-worth, axis=1, kind="stable")[:, : config.per_room]
        gain = np.where(left, np.take_along_axis(worth, best, axis=1).sum(axis=1), -1.0)
        row = int(gain.argmax())
        left[row] = False
        need[best[row][worth[row, best[row]] > 0]] -= 1
    return np.flatnonzero(~left).tolist()


def _share_out(table: _Table, rows: Sequence[int], config: SelectionConfig) -> Counts:
    """Decide how many questions of every cell each of the rooms gives.

    A cell that the flow cannot fill keeps what it got, and the quotas of the others rise, until all are dealt out.
    """
    counts = table.counts[rows]
    limits, wanted = counts.sum(axis=0), config.rooms * config.per_room
    while True:
        quotas = _quotas(table.cells, limits, wanted)
        dealt = _fill(quotas, counts, config.per_room)
        given = dealt.sum(axis=0)
        if (given == quotas).all():
            return dealt
        limits = np.where(given < quotas, given, limits)


def _fill(quotas: Int[np.ndarray, " c"], counts: Counts, per_room: int) -> Counts:
    """Share out the most that can be: a cell gives its quota, a room takes `per_room`, of no cell more than it has."""
    rooms, cells = counts.shape
    source, sink = cells + rooms, cells + rooms + 1
    heads = [np.full(cells, source), np.repeat(np.arange(cells), rooms), cells + np.arange(rooms)]
    tails = [np.arange(cells), np.tile(cells + np.arange(rooms), cells), np.full(rooms, sink)]
    capacity = np.concatenate([quotas, counts.T.ravel(), np.full(rooms, per_room)]).astype(np.int32)
    edges = (np.concatenate(heads), np.concatenate(tails))
    graph = csr_array((capacity, edges), shape=(sink + 1, sink + 1))
    flow = maximum_flow(graph, source, sink).flow.toarray()
    return flow[:cells, cells : cells + rooms].T.astype(np.int64)


def _quotas(cells: Sequence[Cell], limits: Int[np.ndarray, " c"], wanted: int) -> Int[np.ndarray, " c"]:
    """Decide how many of each cell there are: families, comparisons and sizes of lengths as equal as the limits let.

    The two answers of a comparison are exactly equal. All sizes of all lengths are equal, not all lengths; and what
    comes in fewer than WIDE sizes, such as the height of table tops, would be guessed, so its sizes get less.
    """
    members: dict[str, list[int]] = defaultdict(list)
    for column, (kind, _) in enumerate(cells):
        members[kind].append(column)
    sides: list[list[str]] = [[], []]
    for kind in members:
        sides[KINDS[kind].family == "quantitative"].append(kind)
    pairs = [int(limits[members[kind]].min()) if len(members[kind]) == 2 else 0 for kind in sides[0]]
    sizes = [column for kind in sides[1] for column in members[kind]]
    comparisons, lengths = share_equally([2 * sum(pairs), int(limits[sizes].sum())], wanted)
    quotas = np.zeros(len(cells), np.int64)
    for kind, pair in zip(sides[0], share_equally(pairs, comparisons // 2)):
        quotas[members[kind]] = pair
    shares = np.zeros_like(limits)
    shares[sizes] = share_equally(limits[sizes].tolist(), lengths)
    lowered = limits.copy()
    for columns in (members[kind] for kind in sides[1]):
        full = int((2 * shares[columns] > shares[sizes].max()).sum())
        if full < WIDE:
            lowered[columns] = np.minimum(limits[columns], shares[sizes].max() * full // WIDE)
    enough = lowered[sizes].sum() >= lengths
    quotas[sizes] = share_equally((lowered if enough else limits)[sizes].tolist(), lengths)
    return quotas


def share_equally(limits: Sequence[int], wanted: int) -> list[int]:
    """Make shares as equal as can be that add up to `wanted`, or to all there is: water poured into vessels."""
    shares, left = [0] * len(limits), wanted
    for position, index in enumerate(sorted(range(len(limits)), key=lambda i: (limits[i], i))):
        shares[index] = min(limits[index], left // (len(limits) - position))
        left -= shares[index]
    return shares


def _pick_questions(table: _Table, row: int, dealt: Int[np.ndarray, " c"], used: Counter[str]) -> list[Candidate]:
    """Pick a room's questions: of a cell those about what was asked of least, in the room, then in those before."""
    chosen: list[tuple[int, Candidate]] = []
    here: Counter[str] = Counter()
    for column in np.flatnonzero(dealt).tolist():
        found = list(table.at[row, column])
        for _ in range(int(dealt[column])):
            best = min(
                found, key=lambda item: (_sum(here, item[1].question.subjects), _sum(used, item[1].names), item[0])
            )
            found.remove(best)
            chosen.append(best)
            here.update(best[1].question.subjects)
            used.update(best[1].names)
    return [candidate for _, candidate in sorted(chosen, key=lambda item: item[0])]


def _sum(counts: Counter[str], names: Sequence[str]) -> float:
    return sum(counts[name] for name in names) / len(names)
