"""The rooms benchmark: 250 rendered rooms, 5,000 questions, and what is exactly true of the visible surfaces.

Enters: the folder that `spatialvlm benchmark rooms --out FOLDER` drew. The lengths of its dataset are measured; here
they give way to the exact ones of the definition (docs/benchmark.md).
"""

from collections.abc import Iterator
from pathlib import Path

from spatialvlm.dataset import Dataset, read_dataset
from spatialvlm.errors import UserError
from spatialvlm.evaluate.items import Item
from spatialvlm.evaluate.rooms_benchmark.definition import (
    BenchmarkDefinition,
    frame_id_of,
    load_definition,
    visible_truths,
)
from spatialvlm.evaluate.tasks.dataset_items import items_from_dataset
from spatialvlm.evaluate.tasks.task import Task


def items(folder: Path) -> Iterator[Item]:
    """Read the questions of the rooms that are there. Raises UserError for a folder of anything else."""
    dataset, definition = open_rooms(folder)
    return items_from_dataset(dataset, visible_truths(definition))


def open_rooms(folder: Path) -> tuple[Dataset, BenchmarkDefinition]:
    """Open the dataset of the benchmark, with its definition. Raises UserError for a folder of anything else."""
    dataset, definition = read_dataset(folder), load_definition("rooms")
    ids = {frame_id_of(definition.seed, room.index) for room in definition.rooms}
    unknown = [id_ for id_ in dataset.frame_ids() if id_ not in ids]
    if unknown:
        raise UserError(
            f"rooms in {folder}: got frame {unknown[0]!r}, expected rooms of the benchmark; spatialvlm benchmark "
            "rooms --out FOLDER draws them; any other dataset is the task `folder`"
        )
    return dataset, definition


TASK = Task(
    "rooms",
    "distances, sizes and relations in 250 rendered rooms with exact truth",
    None,
    items,
    licence="Apache-2.0",
    source="spatialvlm benchmark rooms --out rooms_benchmark --workers 2",
)
