"""The second set about the rooms of the benchmark: 2,000 composed questions, answers balanced, exact truth.

Enters: the same folder as of the task `rooms`, for its pictures and its scenes; nothing is drawn again. The questions
and the true answers are those of the package (docs/benchmark.md). A count is right where it is exact: of four things
one too many is no near miss.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from spatialvlm.answers import Count
from spatialvlm.evaluate.items import Item
from spatialvlm.evaluate.rooms_benchmark.composed_questions import load_composed
from spatialvlm.evaluate.tasks.dataset_items import item_of
from spatialvlm.evaluate.tasks.rooms import open_rooms
from spatialvlm.evaluate.tasks.task import Task


def items(folder: Path) -> Iterator[Item]:
    """Ask about the rooms that are there. Raises UserError for a folder of anything else."""
    dataset, asked = open_rooms(folder)[0], load_composed()
    for scene, source in dataset.scenes():
        for place, qa in enumerate(asked.get(scene.frame_id, ())):
            item = item_of(qa, f"{scene.frame_id}/plus/{place:03d}", source.image_bytes, {})
            exact = isinstance(item.truth, Count)
            yield replace(item, reading=replace(item.reading, rule="within_10")) if exact else item


TASK = Task(
    "rooms_plus",
    "2,000 composed questions about the same 250 rooms: picks, orders, counts, views, points, places",
    None,
    items,
    licence="Apache-2.0",
    source="spatialvlm benchmark rooms --out rooms_benchmark --workers 2",
)
