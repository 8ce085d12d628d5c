"""Rows of questions about pictures enter; groups of questions of like lengths, laid out as tensors, leave."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch  # pyright: ignore[reportMissingImports]

from spatialvlm.train.evidence import READ
from spatialvlm.train.packing import Segment, TokenRow

GROUPS = 4
"""Into how many groups of like lengths the questions of a batch are sorted."""


@dataclass(frozen=True, slots=True, eq=False)
class Pointers:
    """The tokens of a group that mean objects: `question` and `place`, `weights` (m, prefix), `readings` (m, 4)."""

    question: torch.Tensor
    place: torch.Tensor
    weights: torch.Tensor
    readings: torch.Tensor


@dataclass(frozen=True, slots=True, eq=False)
class QuestionGroup:
    """Questions of like lengths: `ids` (n, length), filled up at the end, and `image` (n,), the picture of each.

    `question` and `place` are the tokens that stand before what is learnt, `label` is what is learnt; `end` (n,) the
    last token of each question, `asked` (n, 2) what it asks as numbers, `named` (n, 2) the last tokens of the first and
    the last name in it, -1 where it names nothing, and `recalled` (n, 8) what is known of both.
    """

    ids: torch.Tensor
    image: torch.Tensor
    question: torch.Tensor
    place: torch.Tensor
    label: torch.Tensor
    end: torch.Tensor
    asked: torch.Tensor
    named: torch.Tensor
    recalled: torch.Tensor
    pointers: Pointers


@dataclass(frozen=True, slots=True, eq=False)
class PrefixBatch:
    """Pictures (b, 3, h, w), the tokens (p,) that stand before the questions about each of them, and the questions."""

    pixels: torch.Tensor
    prefix: torch.Tensor
    groups: tuple[QuestionGroup, ...]


def prefix_batch(rows: Sequence[TokenRow], image_id: int, pad_id: int) -> PrefixBatch:
    """Lay out rows of one picture each. All have the same prefix, since nano sees every picture at one size."""
    asked = [(number, segment) for number, row in enumerate(rows) for segment in row.segments]
    asked.sort(key=lambda one: len(one[1].ids))
    prefix, size = rows[0].prefix, -(-len(asked) // GROUPS)
    parts = [asked[first : first + size] for first in range(0, len(asked), size)]
    pixels = torch.cat([row.pixels["pixel_values"][0] for row in rows])
    return PrefixBatch(
        pixels, torch.from_numpy(prefix), tuple(_group(part, prefix == image_id, pad_id) for part in parts)
    )


def _group(asked: Sequence[tuple[int, Segment]], is_image: np.ndarray, pad_id: int) -> QuestionGroup:
    longest = max(len(segment.ids) for _, segment in asked)
    ids, learnt = np.full((len(asked), longest), pad_id, np.int64), np.zeros((len(asked), longest), bool)
    for number, (_, segment) in enumerate(asked):
        ids[number, : len(segment.ids)], learnt[number, : len(segment.ids)] = segment.ids, segment.learnt
    question, place = np.nonzero(learnt)
    image = np.array([number for number, _ in asked], np.int64)
    columns = {"ids": ids, "image": image, "question": question, "place": place - 1, "label": ids[question, place]}
    columns["end"] = learnt.argmax(1) - 1
    columns["asked"] = np.array([segment.asked for _, segment in asked], np.float32)
    both = [_first_and_last(segment, end) for (_, segment), end in zip(asked, columns["end"], strict=True)]
    columns["named"] = np.array([places for places, _ in both], np.int64)
    columns["recalled"] = np.array([readings for _, readings in both], np.float32)
    tensors = {name: torch.from_numpy(column) for name, column in columns.items()}
    return QuestionGroup(**tensors, pointers=_pointers(asked, is_image))


def _first_and_last(segment: Segment, end: int) -> tuple[tuple[int, int], np.ndarray]:
    named = sorted((one for one in segment.pointers if one.place <= end), key=lambda one: one.place)
    if not named:
        return (-1, -1), np.full(2 * len(READ), np.nan)
    first, last = named[0], named[-1]
    return (first.place, last.place), np.concatenate([first.readings, last.readings])


def _pointers(asked: Sequence[tuple[int, Segment]], is_image: np.ndarray) -> Pointers:
    listed = [(number, one) for number, (_, segment) in enumerate(asked) for one in segment.pointers]
    weights, readings = np.zeros((len(listed), len(is_image)), np.float32), np.zeros((len(listed), 4), np.float32)
    for row, (_, one) in enumerate(listed):
        weights[row, is_image], readings[row] = one.weights, one.readings
    question = np.array([number for number, _ in listed], np.int64)
    place = np.array([one.place for _, one in listed], np.int64)
    return Pointers(*map(torch.from_numpy, (question, place, weights, readings)))
