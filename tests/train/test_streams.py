"""The stream of batches: any number of loaders, and a stop anywhere, leave the order as it is."""

from itertools import islice

import numpy as np
import pytest

pytest.importorskip("torch")

from torch.utils.data import DataLoader

from spatialvlm.train.batches import STATE, Collator, MixedBatches
from spatialvlm.train.packing import Segment, TokenRow


class Texts:
    """Rows of one to nine tokens that say where they are from."""

    def __init__(self, name: str, first: int) -> None:
        self.name, self._first = name, first

    def __len__(self) -> int:
        return 30

    def row(self, epoch: int, place: int) -> TokenRow:
        ids = np.full(1 + place % 9, self._first + place + 100 * epoch)
        return TokenRow(np.zeros(0, np.int64), (Segment(ids, np.ones(len(ids), bool)),))


def stream(workers: int, states: dict[int, str] | None = None, done: int = 0) -> DataLoader:
    batches = MixedBatches(
        [Texts("a", 1000), Texts("b", 5000)],
        [0.3, 0.7],
        Collator("llama", 0, 3),
        seed=1,
        batch_size=2,
        workers=workers,
        states=states,
        done=done,
    )
    return DataLoader(batches, batch_size=None, num_workers=workers)


@pytest.mark.parametrize("workers", [0, 2])
def test_a_stream_goes_on_where_it_stopped(workers):
    whole = list(islice(stream(workers), 13))
    states = {lane: state for batch in whole[:5] for lane, state in [batch[STATE]]}
    rest = list(islice(stream(workers, states, done=5), 8))
    assert [batch["input_ids"].tolist() for batch in rest] == [batch["input_ids"].tolist() for batch in whole[5:]]
    assert [batch[STATE] for batch in rest] == [batch[STATE] for batch in whole[5:]]
