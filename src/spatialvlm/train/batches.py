"""Rows -> batches of tensors, and the endless stream of them that a trainer reads; torch is needed here.

A packed batch has a mask of its own for each pair of tokens: additive and in floating point, since attention in plain
torch adds what it is given, so that a mask of true and false would hide nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch  # pyright: ignore[reportMissingImports]
from torch.utils.data import IterableDataset, get_worker_info  # pyright: ignore[reportMissingImports]

from spatialvlm.train.encoding import PREFIX_LM
from spatialvlm.train.image_grids import MERGED, merged_positions
from spatialvlm.train.mixture import Mixture, MixtureState, RowSource
from spatialvlm.train.packing import IGNORED, PAD, PREFIX, TokenRow, allowed, pack, pad_rows, pointer_table

LOWEST = float(torch.finfo(torch.bfloat16).min)
"""What hides a token: the least number that every floating type of training can hold."""
STATE = "mixture"
EVIDENCE = "evidence"


@dataclass(frozen=True, slots=True)
class Collator:
    """Makes a batch of rows for one family of models; where a row has several questions, a mask tells them apart.

    Beside what the model is fed, a batch holds `evidence`, the pointers of its rows, where `pointers` is set.
    """

    family: str
    pad_id: int
    image_id: int
    merge_size: int = 1
    pointers: bool = False

    def __call__(self, rows: Sequence[TokenRow]) -> dict[str, Any]:
        """Fill rows up to the longest and lay them on each other."""
        laid = [pack(row) for row in rows]
        filled = pad_rows(laid, self.pad_id)
        batch: dict[str, Any] = {
            "input_ids": torch.from_numpy(filled.ids),
            "labels": torch.from_numpy(filled.labels),
            **_pixels([row.pixels for row in rows]),
        }
        several = any(len(row.segments) > 1 for row in rows)
        if several:
            seen = torch.from_numpy(np.stack([allowed(one) for one in filled.segment]))
            batch["attention_mask"] = torch.where(seen, 0.0, LOWEST)[:, None]
            batch["position_ids"] = torch.from_numpy(filled.position)
        else:
            batch["attention_mask"] = torch.from_numpy((filled.segment != PAD).astype(np.int64))
        if self.family in PREFIX_LM:  # 1 is what is read in order: answers
            batch["token_type_ids"] = (batch["labels"] != IGNORED).long()
        if self.family in MERGED:
            batch["position_ids"] = torch.from_numpy(self._merged(rows, filled.position))
        if self.pointers:
            batch[EVIDENCE] = self._evidence(rows, filled.segment)
        return batch

    def _merged(self, rows: Sequence[TokenRow], position: np.ndarray) -> np.ndarray:
        """Place tokens in time, down and across, as Qwen-VL does."""
        placed = np.repeat(position[None], 3, 0)
        for number, row in enumerate(rows):
            sizes = [(int(t), int(h), int(w)) for t, h, w in row.pixels.get("image_grid_thw", ())]
            start = len(row.prefix)
            if start:
                before = merged_positions(row.prefix, self.image_id, sizes, self.merge_size)
                placed[:, number, :start] = before
                placed[:, number, start:] += int(before.max()) + 1 - start
        return np.maximum(placed, 0)

    def _evidence(self, rows: Sequence[TokenRow], segment: np.ndarray) -> dict[str, Any]:
        table = pointer_table(rows, self.image_id)
        places = np.arange(segment.shape[1])
        own = segment[table.row] == segment[table.row, table.place][:, None]
        sees = ((segment[table.row] == PREFIX) | own) & (places <= table.place[:, None])
        columns = {"row": table.row, "place": table.place, "weights": table.weights, "readings": table.readings}
        return {name: torch.from_numpy(column) for name, column in columns.items()} | {"sees": torch.from_numpy(sees)}


def _pixels(pixels: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Join what a processor made of the images of each row; rows without images have nothing.

    Idefics3 wants a place for every image in every row: what is filled up is 0, which the model leaves out.
    """
    names = dict.fromkeys(name for one in pixels for name in one)
    joined: dict[str, Any] = {}
    for name in names:
        parts = [one.get(name) for one in pixels]
        first = next(part for part in parts if part is not None)
        per_row = first.ndim == 5 or (first.ndim == 4 and name.endswith("mask"))
        if per_row:
            parts = [first.new_zeros((1, *[1] * (first.ndim - 1))) if part is None else part for part in parts]
            shape = [max(part.shape[axis] for part in parts) for axis in range(1, first.ndim)]
            joined[name] = torch.cat([_grown(part, shape) for part in parts])
        else:
            joined[name] = torch.cat([part for part in parts if part is not None])
    return joined


def _grown(part: Any, shape: Sequence[int]) -> Any:
    """Fill a tensor up with zeros at the end of every axis but the first."""
    grown = part.new_zeros((part.shape[0], *shape))
    grown[tuple(slice(0, length) for length in part.shape)] = part
    return grown


class MixedBatches(IterableDataset):
    """An endless stream of batches from a mixture, each with the state after it as `mixture`: (lane, JSON).

    `rank` of `ranks` processes, each with one or more workers that load: every one of them has its own lane. `states`
    are where an earlier run stopped, by lane of this rank, and `done` how many batches this rank had read.
    """

    def __init__(
        self,
        sources: Sequence[RowSource],
        shares: Sequence[float],
        collate: Collator,
        *,
        seed: int,
        batch_size: int,
        rank: int = 0,
        ranks: int = 1,
        workers: int = 0,
        states: Mapping[int, str] | None = None,
        done: int = 0,
    ) -> None:
        super().__init__()
        self._sources, self._shares, self._collate, self._seed = sources, shares, collate, seed
        self._batch_size, self._rank, self._ranks, self._lanes = batch_size, rank, ranks, max(workers, 1)
        self._states, self._done = dict(states or {}), done

    def __iter__(self) -> Iterator[dict[str, Any]]:
        worker = get_worker_info()
        lane = ((worker.id if worker else 0) + self._done) % self._lanes  # torch begins with worker 0
        whole = lane + self._lanes * self._rank
        mixture = Mixture(self._sources, self._shares, self._seed, whole, self._lanes * self._ranks)
        state = MixtureState.from_json(self._states[lane]) if lane in self._states else None
        rows = mixture.rows(state)
        while True:
            some = [next(rows) for _ in range(self._batch_size)]
            batch = self._collate([row for row, _ in some])
            yield batch | {STATE: (lane, some[-1][1].to_json())}
