"""Several questions about one image in one row, the image once: token ids enter, what a model is fed leaves.

A row is a prefix (all up to the image) and segments (a question with its answer, or a whole conversation). Every token
sees the prefix and what stands before it in its own segment; positions of each segment start behind the prefix. So the
loss is that of the same questions asked one by one. Arrays of numpy, no model and no tokenizer: whoever trains a model
of their own packs with the same functions.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from jaxtyping import Bool, Float32, Int64

IGNORED = -100
"""A label that carries no loss."""
PREFIX, PAD = 0, -1
"""Numbers of segments: 0 is the prefix, 1, 2, ... are segments, -1 is what fills up a row."""
NOT_ASKED = (math.nan, math.nan)


@dataclass(frozen=True, slots=True, eq=False)
class Pointer:
    """A token that means an object: the last one of its name.

    `place` counts from the start of its segment. `weights` is the share of the object in each image token of the row,
    adding up to 1. `readings` are log distance, log width, log height (of metres) and the bearing in radians, positive
    to the right; NaN what nobody knows.
    """

    place: int
    weights: Float32[np.ndarray, " image"]
    readings: Float32[np.ndarray, " 4"]


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """A question with its answer as tokens. `learnt` marks the tokens that carry loss.

    `asked` is what it asks as numbers, see `asked_readings`; NaN what it does not ask.
    """

    ids: Int64[np.ndarray, " n"]
    learnt: Bool[np.ndarray, " n"]
    pointers: tuple[Pointer, ...] = ()
    asked: tuple[float, float] = NOT_ASKED


@dataclass(frozen=True, slots=True, eq=False)
class TokenRow:
    """An image with its segments. `pixels` are the tensors that the model's processor made of the image."""

    prefix: Int64[np.ndarray, " p"]
    segments: tuple[Segment, ...]
    pixels: Mapping[str, Any] = field(default_factory=dict)

    @property
    def tokens(self) -> int:
        """How many tokens a model reads."""
        return len(self.prefix) + sum(len(segment.ids) for segment in self.segments)


@dataclass(frozen=True, slots=True, eq=False)
class PackedRow:
    """A row as columns, one entry a token. `position` counts as if each segment followed the prefix."""

    ids: Int64[np.ndarray, "*rows t"]
    labels: Int64[np.ndarray, "*rows t"]
    segment: Int64[np.ndarray, "*rows t"]
    position: Int64[np.ndarray, "*rows t"]


def pack(row: TokenRow) -> PackedRow:
    """Lay prefix and segments one behind the other."""
    start, count = len(row.prefix), len(row.segments)
    ids = np.concatenate([row.prefix, *(segment.ids for segment in row.segments)])
    labels = [np.full(start, IGNORED), *(np.where(part.learnt, part.ids, IGNORED) for part in row.segments)]
    lengths = [start, *(len(segment.ids) for segment in row.segments)]
    position = [np.arange(start), *(start + np.arange(length) for length in lengths[1:])]
    return PackedRow(
        ids.astype(np.int64),
        np.concatenate(labels).astype(np.int64),
        np.repeat(np.arange(count + 1), lengths).astype(np.int64),
        np.concatenate(position).astype(np.int64),
    )


def unpack(row: TokenRow) -> list[TokenRow]:
    """Make a row of each segment, all with the same image."""
    return [replace(row, segments=(segment,)) for segment in row.segments]


def shorten(row: TokenRow, most: int) -> TokenRow:
    """Leave out the last segments of a row with more than `most` tokens, never a part of one; one always stays."""
    kept = list(row.segments)
    while len(kept) > 1 and row.tokens > most:
        kept.pop()
        row = replace(row, segments=tuple(kept))
    return row


def allowed(segment: Int64[np.ndarray, " t"]) -> Bool[np.ndarray, "t t"]:
    """Say which token (row) sees which (column): earlier ones of the prefix and of its own segment, and itself."""
    count = len(segment)
    causal = np.tri(count, dtype=bool)
    sees = (segment[None, :] == PREFIX) | (segment[None, :] == segment[:, None])
    return (causal & sees & (segment[:, None] != PAD)) | np.eye(count, dtype=bool)


def pad_rows(rows: Sequence[PackedRow], pad_id: int) -> PackedRow:
    """Fill rows up at the end to the longest one; the columns come back with an axis for the rows in front."""
    longest = max(len(row.ids) for row in rows)

    def filled(columns: Sequence[np.ndarray], value: int) -> np.ndarray:
        return np.stack([np.pad(one, (0, longest - len(one)), constant_values=value) for one in columns])

    return PackedRow(
        filled([row.ids for row in rows], pad_id),
        filled([row.labels for row in rows], IGNORED),
        filled([row.segment for row in rows], PAD),
        filled([row.position for row in rows], 0),
    )


@dataclass(frozen=True, slots=True, eq=False)
class PointerTable:
    """All pointers of a batch: `row` and `place` of each token, the share of its object in every token of its row."""

    row: Int64[np.ndarray, " m"]
    place: Int64[np.ndarray, " m"]
    weights: Float32[np.ndarray, "m t"]
    readings: Float32[np.ndarray, "m 4"]


def pointer_table(rows: Sequence[TokenRow], image_id: int) -> PointerTable:
    """List the pointers of some rows, as they lie in the batch that `pad_rows` makes of them."""
    longest = max(row.tokens for row in rows)
    found: list[tuple[int, int, np.ndarray, np.ndarray]] = []
    for number, row in enumerate(rows):
        image, start = np.flatnonzero(row.prefix == image_id), len(row.prefix)
        for segment in row.segments:
            for pointer in segment.pointers:
                spread = np.zeros(longest, np.float32)
                spread[image] = pointer.weights
                found.append((number, start + pointer.place, spread, pointer.readings))
            start += len(segment.ids)
    return PointerTable(
        np.array([one[0] for one in found], np.int64),
        np.array([one[1] for one in found], np.int64),
        np.stack([one[2] for one in found]) if found else np.zeros((0, longest), np.float32),
        np.stack([one[3] for one in found]) if found else np.zeros((0, 4), np.float32),
    )
