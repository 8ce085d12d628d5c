"""Prepared scenes: a dataset's scenes by number, each with what can be asked of it, which is the same for every seed.

Row groups of 64 scenes are read whole. The last few are kept, with what was measured of them: a small dataset is read
and measured once, in any order and for all epochs.
"""

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from operator import index as as_index
from typing import Any

import pyarrow as pa

from spatialvlm.dataset import schema
from spatialvlm.dataset.asking import Asking
from spatialvlm.dataset.read import Part, scene_columns
from spatialvlm.dataset.scenes import read_scenes, read_sources, source_columns
from spatialvlm.pipeline.measure import measure_all
from spatialvlm.pipeline.phrase import Prepared
from spatialvlm.pipeline.tail import tail
from spatialvlm.records import Scene, Source

KEPT = 16  # row groups: a thousand scenes
KEPT_FACTS = 1_500_000  # about 110 MB with their scenes: a thousand of eight objects
GROWTH = 8  # of how many are measured when one is asked for

_Pages = dict[int, tuple[Scene, Prepared]]


@dataclass(frozen=True, slots=True, eq=False)
class PreparedScene:
    """A scene, where its image came from, and what can be asked of it."""

    scene: Scene
    source: Source
    page: Prepared


class PreparedScenes:
    """The scenes of some parts, with their images or without. Can be pickled, and then holds nothing that was read.

    Where one at a time is taken, its neighbours are soon measured with it, which is three times as fast for each. That
    ends when one is thrown out that nobody asked for: then more are taken, in such an order, than can be kept.
    """

    def __init__(self, parts: Sequence[Part], asking: Asking, *, images: bool) -> None:
        self._parts, self._columns = parts, scene_columns(images=images)
        self._ends = list(accumulate(part.rows for part in parts))
        _, self._measure, self._phrase = tail(measure=asking.measure, phrase=asking.phrase)
        self._groups: OrderedDict[tuple[int, int], _Group] = OrderedDict()
        self._ahead = True

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what was read: another process reads for itself."""
        return {**self.__dict__, "_groups": OrderedDict()}

    def one(self, index: int) -> PreparedScene:
        """Take one scene by its place, from the end where it is negative."""
        group, row = self._at(index)
        return self._take([(group, [row], group.around(row) if self._ahead else range(row, row + 1))])[0]

    def some(self, indices: Sequence[int]) -> list[PreparedScene]:
        """Take scenes by their places; those that are new are measured together, and no others."""
        places = (self._at(index) for index in indices)
        return self._take((group, [row], range(row, row + 1)) for group, row in places)

    @property
    def groups(self) -> list[tuple[int, int]]:
        """The row groups in order, each as its part and its number there."""
        counts = [-(-part.rows // schema.ROW_GROUP) for part in self._parts]
        return [(part, number) for part, count in enumerate(counts) for number in range(count)]

    def group(self, part: int, number: int) -> list[PreparedScene]:
        """Take the scenes of a row group."""
        group = self._group(part, number)
        rows = range(group.scenes.num_rows)
        return self._take([(group, rows, rows)])

    def _at(self, index: int) -> tuple["_Group", int]:
        place = as_index(index)
        row = place + len(self) if place < 0 else place
        if not 0 <= row < len(self):
            raise IndexError(f"scene {place} of {len(self)}")
        part = bisect_right(self._ends, row)
        number, within = divmod(row - self._ends[part] + self._parts[part].rows, schema.ROW_GROUP)
        return self._group(part, number), within

    def _group(self, part: int, number: int) -> "_Group":
        group = self._groups.pop((part, number), None)
        if group is None:
            group = _Group(self._parts[part].group(number, self._columns))
        self._groups[part, number] = group
        if len(self._groups) > KEPT:
            self._forget(self._groups.popitem(last=False)[1])
        return group

    def _take(self, wanted: Iterable[tuple["_Group", Sequence[int], range]]) -> list[PreparedScene]:
        """Take rows of groups, with what is missing of the span given with each; all that is new is measured at once.

        Only the pages of a group outlive its turn here: its images are large.
        """
        found: list[tuple[_Pages, int, Source]] = []
        new: list[tuple[_Pages, int, Scene]] = []
        for group, rows, span in wanted:
            new += group.missing(span)
            found += [(group.pages, row, source) for row, source in zip(rows, group.sources(rows), strict=True)]
            group.asked.update(rows)
        facts = measure_all([scene for *_, scene in new], self._measure.config, self._measure.kinds)
        for (pages, row, scene), of_scene in zip(new, facts, strict=True):
            pages[row] = scene, self._phrase.prepare(scene, of_scene)
        taken = [PreparedScene(pages[row][0], source, pages[row][1]) for pages, row, source in found]
        if new:
            self._bound()
        return taken

    def _bound(self) -> None:
        """Forget the pages of the groups that were taken the longest ago, where they are too many."""
        groups = list(self._groups.values())
        held = [sum(len(page.facts) for _, page in list(group.pages.values())) for group in groups]
        for group, left in zip(groups, reversed(list(accumulate(reversed(held))))):
            if left > KEPT_FACTS:
                self._forget(group)

    def _forget(self, group: "_Group") -> None:
        self._ahead = self._ahead and group.pages.keys() <= group.asked
        group.forget()


class _Group:
    """A row group as it was read, with the pages made of it by row; `asked` are the rows that were asked for."""

    def __init__(self, table: pa.Table) -> None:
        light = [name for name in table.column_names if name != "image"]
        self.scenes, self.origins = table.select(light), source_columns(table)
        self.forget()

    def forget(self) -> None:
        """Begin without pages; those who took them keep them."""
        self.pages: _Pages = {}
        self.asked: set[int] = set()
        self.spans = 0

    def around(self, row: int) -> range:
        """Choose what to measure with a row: nothing the first time, then spans that grow, in the end the group."""
        if row in self.pages:
            return range(row, row + 1)
        size = min(GROWTH**self.spans, schema.ROW_GROUP)
        self.spans += 1
        start = row // size * size
        return range(start, min(start + size, self.scenes.num_rows))

    def missing(self, rows: range) -> list[tuple[_Pages, int, Scene]]:
        """Read the scenes of consecutive rows, unless they are known: where to put their page, and each scene."""
        if all(row in self.pages for row in rows):
            return []
        read = zip(rows, read_scenes(self.scenes.slice(rows.start, len(rows))), strict=True)
        return [(self.pages, row, scene) for row, (scene, _) in read if row not in self.pages]

    def sources(self, rows: Sequence[int]) -> list[Source]:
        """Read where the images of some consecutive rows came from."""
        return read_sources(self.origins.slice(rows[0], len(rows)))
