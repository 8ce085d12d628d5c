"""Mix sources by their share of tokens: shares and what each row costs enter, whose turn it is leaves.

The source whose tokens lag most behind its share goes next. So shares are exact to one row, at any length of a run, and
nothing is drawn. Where a source is in its data is a number; all that a stopped run has to remember is a `MixtureState`.
"""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Int64

from spatialvlm.errors import UserError

BLOCK, POOL = 64, 8
"""Rows that lie together in a file, and how many such blocks are shuffled among each other."""


@runtime_checkable
class RowSource(Protocol):
    """Where rows come from. `row` makes one, or says by None that this one cannot be had; `tokens` counts it."""

    @property
    def name(self) -> str:
        """How messages call it."""
        ...

    def __len__(self) -> int: ...

    def row(self, epoch: int, place: int) -> Any:
        """Make the row at a place; another epoch may make another one of it."""
        ...


@dataclass(frozen=True, slots=True)
class MixtureState:
    """How far each source has been read, and how many tokens it gave."""

    taken: tuple[int, ...]
    tokens: tuple[int, ...]

    @classmethod
    def start(cls, count: int) -> "MixtureState":
        """Return the state of `count` sources before the first row."""
        return cls((0,) * count, (0,) * count)

    @classmethod
    def from_json(cls, text: str) -> "MixtureState":
        """Read what `to_json` wrote."""
        read = json.loads(text)
        return cls(tuple(read["taken"]), tuple(read["tokens"]))

    def to_json(self) -> str:
        """Write the state as a line of JSON."""
        return json.dumps({"taken": self.taken, "tokens": self.tokens})

    def shares(self) -> tuple[float, ...]:
        """Return the share of all tokens that each source gave; 0 before the first row."""
        total = sum(self.tokens)
        return tuple(count / total if total else 0.0 for count in self.tokens)

    def read_on(self, source: int, tokens: int) -> "MixtureState":
        """Return the state after one more place of a source was read, which gave so many tokens."""
        taken = tuple(count + (place == source) for place, count in enumerate(self.taken))
        given = tuple(count + tokens * (place == source) for place, count in enumerate(self.tokens))
        return replace(self, taken=taken, tokens=given)


def check_shares(shares: Sequence[float]) -> None:
    """Raise UserError unless shares are in [0, 1] and add up to 1."""
    for share in shares:
        if not 0.0 <= share <= 1.0:
            raise UserError(f"share {share:g}: expected a number from 0 to 1")
    if not math.isclose(sum(shares), 1.0, abs_tol=1e-9):
        raise UserError(f"shares {', '.join(f'{share:g}' for share in shares)}: add up to {sum(shares):g}, expected 1")


def next_source(state: MixtureState, shares: Sequence[float]) -> int:
    """Choose the source whose tokens lag most behind its share; the first of those that lag alike."""
    total = sum(state.tokens)
    lags = [share * total - given if share else -math.inf for share, given in zip(shares, state.tokens, strict=True)]
    most = max(lags)
    if total == 0:
        return max(range(len(shares)), key=lambda place: shares[place])
    return lags.index(most)


@lru_cache(maxsize=8)
def shuffled(size: int, seed: int, source: int, epoch: int) -> Int64[np.ndarray, " n"]:
    """Order the places of a source in an epoch: blocks of 64 at random, and the rows of 8 blocks among each other.

    Files are read a block at a time, so an order without blocks would read a block for each row.
    """
    rng = np.random.default_rng([seed, source, epoch])
    blocks = rng.permutation(-(-size // BLOCK))
    order: list[np.ndarray] = []
    for first in range(0, len(blocks), POOL):
        starts = blocks[first : first + POOL] * BLOCK
        pool = np.concatenate([np.arange(start, min(start + BLOCK, size)) for start in starts])
        order.append(rng.permutation(pool))
    return np.concatenate(order).astype(np.int64) if order else np.zeros(0, np.int64)


def place_of(cursor: int, size: int, seed: int, source: int, lane: int = 0, lanes: int = 1) -> tuple[int, int]:
    """Say which epoch and which place the `cursor`-th row of a source has; each of several lanes has its own rows."""
    epoch, within = divmod(cursor * lanes + lane, size)
    return epoch, int(shuffled(size, seed, source, epoch)[within])


class Mixture:
    """Rows of several sources, endless, each with the state after it. Seeking to a state costs nothing.

    `lane` of `lanes`: processes that share the work have each a lane; together they read every row once an epoch.
    `skipped` counts by source what could not be had. Raises UserError for shares that do not add up, an empty source,
    and where a whole epoch of a source gave nothing.
    """

    def __init__(
        self, sources: Sequence[RowSource], shares: Sequence[float], seed: int, lane: int = 0, lanes: int = 1
    ) -> None:
        check_shares(shares)
        self._sources, self._shares, self._seed = tuple(sources), tuple(shares), seed
        self._lane, self._lanes = lane, lanes
        self.skipped = [0] * len(self._sources)
        for source, share in zip(self._sources, self._shares, strict=True):
            if share and not len(source):
                raise UserError(
                    f"{source.name}: holds nothing to train on; expected one image with a question at least"
                )

    def rows(self, state: MixtureState | None = None) -> Iterator[tuple[Any, MixtureState]]:
        """Yield rows from a state on, each with the state after it."""
        state = state or MixtureState.start(len(self._sources))
        while True:
            chosen = next_source(state, self._shares)
            row, state = self._next_row(chosen, state)
            yield row, state

    def _next_row(self, chosen: int, state: MixtureState) -> tuple[Any, MixtureState]:
        """Read on in a source until it gives a row."""
        source = self._sources[chosen]
        for _ in range(len(source) + 1):
            cursor = state.taken[chosen]
            epoch, place = place_of(cursor, len(source), self._seed, chosen, self._lane, self._lanes)
            row = source.row(epoch, place)
            state = state.read_on(chosen, 0 if row is None else row.tokens)
            if row is not None:
                return row, state
            self.skipped[chosen] += 1
        reasons: dict[str, int] = getattr(source, "skipped", {})
        why = f", most for {max(reasons, key=lambda reason: reasons[reason])!r}" if reasons else ""
        raise UserError(f"{source.name}: none of its {len(source)} rows can be trained on{why}; give other data")
