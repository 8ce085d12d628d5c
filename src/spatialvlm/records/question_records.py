"""What is known of a scene and asked about it: Fact Facts QA Score."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float64, Int8, Int16

from spatialvlm.answers import NOWHERE, UNFRAMED, Answer, BoundingBox, Region

Family = Literal["qualitative", "quantitative"]


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing the geometry knows.

    `subjects` are object ids, in the order of the question; where an answer names objects, it names them by their ids.
    `error` is 1 sigma of the number that was decided on, in its SI unit. `given` is the length in metres that the
    question gives, None where it gives none.
    """

    kind: str
    subjects: tuple[str, ...]
    answer: Answer
    error: float
    in_frame: Literal["camera", "world"]
    given: float | None = None


@runtime_checkable
class FactKind(Protocol):
    """What Facts need to know of a kind of question; `kinds.Kind` is one."""

    @property
    def name(self) -> str:
        """How it is called."""
        ...

    def answer(self, subjects: tuple[str, ...], number: float, outcome: int) -> Answer:
        """Make the answer of a row of Facts."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """All facts of one scene as columns, so that thousands cost no more than a few; `facts[row]` is one of them.

    `kind` indexes `kinds`, `subjects` index `object_ids`, padded with -1. `number` is the quantity itself, or for a
    comparison the difference A - B of what decides it; `error` is its 1 sigma. `outcome` is what the form of the kind
    makes of it: of a comparison 1 (true, A, the kind's word), -1 (false, B, the opposite) or 0 (about the same).
    `given` is the length in metres that the question gives, else NaN. `refusals` counts what was not asked by
    (kind, reason). `place_of` finds the region or the box in the image, by the kind, the place of the first subject in
    `object_ids` and the number, when a fact is made that answers with one.
    """

    kinds: tuple[FactKind, ...]
    object_ids: tuple[str, ...]
    kind: Int16[np.ndarray, " n"]
    subjects: Int16[np.ndarray, "n s"]
    number: Float64[np.ndarray, " n"]
    error: Float64[np.ndarray, " n"]
    outcome: Int8[np.ndarray, " n"]
    given: Float64[np.ndarray, " n"]
    in_frame: Literal["camera", "world"]
    refusals: Mapping[tuple[str, str], int]
    place_of: Callable[[str, int, float], Region | BoundingBox] | None = None

    def __len__(self) -> int:
        return len(self.kind)

    def __getitem__(self, row: int) -> Fact:
        """Make the Fact of one row; from the end where it is negative."""
        if not -len(self) <= row < len(self):
            raise IndexError(f"fact {row} of {len(self)}")
        return self.at([row])[0]

    def __iter__(self) -> Iterator[Fact]:
        return iter(self.at(range(len(self))))

    def at(self, rows: Sequence[int]) -> list[Fact]:
        """Make the Facts of some rows, in the order given."""
        chosen = np.array(rows, np.intp)
        columns = (self.kind, self.subjects, self.number, self.error, self.outcome, self.given)
        ids, frame, found = self.object_ids, self.in_frame, []
        for index, places, number, error, outcome, given in zip(*(column[chosen].tolist() for column in columns)):
            kind = self.kinds[index]
            subjects = tuple([ids[place] for place in places if place >= 0])
            answer = kind.answer(subjects, number, outcome)
            if (answer is NOWHERE or answer is UNFRAMED) and self.place_of is not None:
                answer = self.place_of(kind.name, places[0], number)
            found.append(Fact(kind.name, subjects, answer, error, frame, None if given != given else given))
        return found


@dataclass(frozen=True, slots=True)
class QA:
    """A question and its answer in words, with all that is needed to judge another answer to it.

    `value` is the answer as a value, which names objects as the question does; `names` are those of the subjects of
    `fact`, in their order. `unit` is the unit of length that the question asks for, None where it names none.
    `asked_as` is the way of asking: "open", "choice" among letters, "yes_no" or "json".
    """

    frame_id: str
    kind: str
    family: Family
    question: str
    answer: str
    fact: Fact
    template: str
    reference: str
    seed: int
    names: tuple[str, ...]
    value: Answer
    unit: str | None = None
    asked_as: str = "open"


@dataclass(frozen=True, slots=True)
class Score:
    """How good an answer is: a value in [0, 1], what was read from the answer, and why; `value` None is unscored."""

    value: float | None
    answer: str | None
    explanation: str
