"""What stages hand on: Sample, and Drop for what they reject."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from spatialvlm.records.frame_records import Frame
from spatialvlm.records.question_records import QA, Facts
from spatialvlm.records.scene_records import Scene


@dataclass(frozen=True, slots=True)
class Drop:
    """An expected rejection: which stage refused what, and why. Reasons begin with a countable word and a colon."""

    stage: str
    id: str
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """One image of a source, by its index there, and all that the stages have made of it so far.

    What a stage has not made yet is None or empty. `frame` is None where the image itself is dropped; `drops` then says
    why, besides what was rejected of it before. `doubts` say what was taken and may yet be wrong, in the form of drops.
    `refusals` counts what could not be asked by (kind, reason).
    """

    index: int = 0
    frame: Frame | None = None
    scene: Scene | None = None
    facts: Facts | None = None
    questions: tuple[QA, ...] = ()
    drops: tuple[Drop, ...] = ()
    doubts: tuple[Drop, ...] = ()
    refusals: Mapping[tuple[str, str], int] = field(default_factory=dict)

    def dropped(self, drop: Drop) -> "Sample":
        """Take the image out, for one more reason."""
        return Sample(self.index, drops=(*self.drops, drop), doubts=self.doubts)
