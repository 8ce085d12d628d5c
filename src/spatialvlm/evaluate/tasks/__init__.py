"""Benchmarks: each file turns the rows of one into Items, and knows its official rule and its own overall figures.

Enters: data as the benchmark's authors publish it, from the hub or from a local copy in the same layout. Leaves: Items
in the order of the data. A file holds one TASK. A new benchmark is a file, its name in `options.TASKS`, its test;
the command line, the tasks of inspect_ai and the contract that all are tested by follow from that list.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from spatialvlm.cli.options import TASKS
from spatialvlm.errors import UserError
from spatialvlm.evaluate.items import Item
from spatialvlm.evaluate.scoring import Scored
from spatialvlm.evaluate.tasks.data import Hub
from spatialvlm.records import Score


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
    official: Callable[[Item, str], Score] | None = None
    figures: Callable[[Sequence[Scored], Sequence[float]], Mapping[str, float]] | None = None
    licence: str = ""
    source: str = ""
    left_out: Callable[[Path], Mapping[str, int]] | None = None


def load_task(name: str) -> Task:
    """The task of this name. Raises UserError for an unknown one."""
    if name not in TASKS:
        close = get_close_matches(name, TASKS, 1)
        hint = f"did you mean {close[0]!r}? " if close else ""
        raise UserError(f"task {name!r}: unknown; {hint}choose among {', '.join(TASKS)}")
    from importlib import import_module

    return import_module(f"spatialvlm.evaluate.tasks.{name}").TASK
