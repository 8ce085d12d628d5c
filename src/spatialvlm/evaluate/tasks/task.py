"""What a benchmark is to the rest of `evaluate`: a name, its items, its official rule and its overall figures."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from spatialvlm.evaluate.items import Item
from spatialvlm.evaluate.scoring import OfficialRule, Scored
from spatialvlm.evaluate.tasks.data import Hub


@dataclass(frozen=True, slots=True)
class Task:
    """A benchmark. `items(folder)` reads its data from a folder in the layout of its hub repository.

    `official(item, answer)` is the rule of the authors' own script, with its faults; None where there is none that
    needs no judge. `figures(scored)` are overall figures that are no plain mean, by name, of one parser's scores:
    it gets the scored items and their values in [0, 1], in the same order. `left_out(folder)` counts by reason what is
    in the data and makes no item.
    """

    name: str
    asks: str
    hub: Hub | None
    items: Callable[[Path], Iterator[Item]]
    official: OfficialRule | None = None
    figures: Callable[[Sequence[Scored], Sequence[float]], Mapping[str, float]] | None = None
    licence: str = ""
    source: str = ""
    left_out: Callable[[Path], Mapping[str, int]] | None = None
