"""The question kinds: one row each. What a kind asks, which measured quantity decides it, and how often it is asked.

Names and weights (gravity unknown, gravity known) are those of SpatialVLM (arXiv 2401.12168, appendix A.3, figures 14
and 15). The family is chosen first, half and half, then the kind by its weight within the family.
A new kind is a row here, a template file `pipeline/phrase/templates/<name>.txt` and a row in tests/test_kinds.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np

from spatialvlm.records import Fact, Facts, Family

Form = Literal["predicate", "choice", "classify", "length"]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of question about one or two objects.

    `quantity` names what decides it (docs/questions.md defines each). With `sign`, a predicate about (A, B) is true, a
    choice is A and a classification is `word`, where sign * (quantity of A - quantity of B) is positive; a length with
    a sign is asked only of pairs in that order. `word` and `opposite` are the two relations that an answer can name.
    """

    name: str
    form: Form
    quantity: str
    sign: Literal[-1, 0, 1]
    word: str
    opposite: str
    weights: tuple[int, int]
    asks: str
    subjects: Literal[1, 2] = 2

    @property
    def family(self) -> Family:
        """Lengths are quantitative, all else is qualitative."""
        return "quantitative" if self.form == "length" else "qualitative"

    @property
    def needs_gravity(self) -> bool:
        """Withheld where up is unknown, as in the paper's figure 14."""
        return self.weights[0] == 0


def _kinds(*rows: Kind) -> MappingProxyType[str, Kind]:
    return MappingProxyType({row.name: row for row in rows})


KINDS = _kinds(
    Kind("left_predicate", "predicate", "x", -1, "left", "right", (4, 4), "Is A to the viewer's left of B?"),
    Kind("right_predicate", "predicate", "x", 1, "right", "left", (4, 4), "Is A to the viewer's right of B?"),
    Kind("above_predicate", "predicate", "bottom", 1, "above", "below", (0, 4), "Is A higher up than B?"),
    Kind("below_predicate", "predicate", "bottom", -1, "below", "above", (0, 4), "Is A lower down than B?"),
    Kind("behind_predicate", "predicate", "y", 1, "behind", "front", (3, 3), "Is A behind B, from the viewer?"),
    Kind("front_predicate", "predicate", "y", -1, "front", "behind", (3, 3), "Is A in front of B, from the viewer?"),
    Kind("tall_predicate", "predicate", "height", 1, "tall", "short", (0, 2), "Is A taller than B?"),
    Kind("short_predicate", "predicate", "height", -1, "short", "tall", (0, 2), "Is A shorter than B?"),
    Kind("wide_predicate", "predicate", "width", 1, "wide", "thin", (2, 2), "Is A wider than B?"),
    Kind("thin_predicate", "predicate", "width", -1, "thin", "wide", (2, 2), "Is A thinner than B?"),
    Kind("big_predicate", "predicate", "size", 1, "big", "small", (1, 1), "Is A bigger than B?"),
    Kind("small_predicate", "predicate", "size", -1, "small", "big", (1, 1), "Is A smaller than B?"),
    Kind("left_choice", "choice", "x", -1, "left", "right", (2, 2), "Which of A and B is more to the left?"),
    Kind("right_choice", "choice", "x", 1, "right", "left", (2, 2), "Which of A and B is more to the right?"),
    Kind("above_choice", "choice", "bottom", 1, "above", "below", (0, 2), "Which of A and B is higher up?"),
    Kind("below_choice", "choice", "bottom", -1, "below", "above", (0, 2), "Which of A and B is lower down?"),
    Kind("behind_choice", "choice", "y", 1, "behind", "front", (2, 2), "Which of A and B is further back?"),
    Kind("front_choice", "choice", "y", -1, "front", "behind", (2, 2), "Which of A and B is nearer the viewer?"),
    Kind("tall_choice", "choice", "height", 1, "tall", "short", (0, 1), "Which of A and B is taller?"),
    Kind("short_choice", "choice", "height", -1, "short", "tall", (0, 1), "Which of A and B is shorter?"),
    Kind("wide_choice", "choice", "width", 1, "wide", "thin", (1, 1), "Which of A and B is wider?"),
    Kind("thin_choice", "choice", "width", -1, "thin", "wide", (1, 1), "Which of A and B is thinner?"),
    Kind("big_choice", "choice", "size", 1, "big", "small", (1, 1), "Which of A and B is bigger?"),
    Kind("small_choice", "choice", "size", -1, "small", "big", (1, 1), "Which of A and B is smaller?"),
    Kind("left_right_classify", "classify", "x", -1, "left", "right", (3, 3), "Is A left or right of B?"),
    Kind("above_below_classify", "classify", "bottom", 1, "above", "below", (0, 3), "Is A above or below B?"),
    Kind("behind_front_classify", "classify", "y", 1, "behind", "front", (2, 2), "Is A behind or in front of B?"),
    Kind("tall_short_classify", "classify", "height", 1, "tall", "short", (0, 2), "Is A taller or shorter than B?"),
    Kind("wide_thin_classify", "classify", "width", 1, "wide", "thin", (2, 2), "Is A wider or thinner than B?"),
    Kind("big_small_classify", "classify", "size", 1, "big", "small", (1, 1), "Is A bigger or smaller than B?"),
    Kind("distance", "length", "distance", 0, "", "", (4, 4), "How far apart are the centres of A and B?"),
    Kind("gap", "length", "gap", 0, "", "", (0, 1), "How wide is the free space between A and B?"),
    Kind("height", "length", "height", 0, "", "", (0, 1), "How tall is A?", 1),
    Kind("width", "length", "width", 0, "", "", (0, 1), "How wide is A, as the viewer sees it?", 1),
    Kind("elevation", "length", "elevation", 0, "", "", (0, 1), "How high is A's bottom above the support plane?", 1),
    Kind("vertical_distance", "length", "vertical", 0, "", "", (0, 2), "How far apart vertically are the centres?"),
    Kind(
        "horizontal_distance", "length", "horizontal", 0, "", "", (0, 2), "How far apart horizontally are the centres?"
    ),
    Kind(
        "above_difference", "length", "bottom", 1, "above", "below", (0, 1), "How much higher is A's bottom than B's?"
    ),
    Kind(
        "below_difference", "length", "bottom", -1, "below", "above", (0, 1), "How much lower is A's bottom than B's?"
    ),
    Kind("behind_difference", "length", "y", 1, "behind", "front", (1, 1), "How far is A behind B?"),
    Kind("front_difference", "length", "y", -1, "front", "behind", (1, 1), "How far is A in front of B?"),
    Kind("left_difference", "length", "x", -1, "left", "right", (1, 1), "How far is A to the left of B?"),
    Kind("right_difference", "length", "x", 1, "right", "left", (1, 1), "How far is A to the right of B?"),
)


KIND_NAMES = tuple(KINDS)


def fact_at(facts: Facts, row: int) -> Fact:
    """Return the Fact in one row of the columns."""
    return facts_at(facts, [row])[0]


def facts_at(facts: Facts, rows: Sequence[int]) -> list[Fact]:
    """Return the Facts in some rows of the columns, in the order given."""
    chosen = np.array(rows, dtype=np.intp)
    numbers = (facts.kind, facts.a, facts.b, facts.number, facts.error, facts.outcome)
    columns = [column[chosen].tolist() for column in numbers]
    kinds, ids, frame = [KINDS[name] for name in facts.kinds], facts.object_ids, facts.in_frame
    found = []
    for index, a, b, number, error, outcome in zip(*columns):
        kind = kinds[index]
        subjects = (ids[a],) if b < 0 else (ids[a], ids[b])
        if kind.form == "length":
            found.append(Fact(kind.name, subjects, number, "m", frame, error))
        else:
            found.append(Fact(kind.name, subjects, _decided(kind, outcome, subjects), "1", frame, error))
    return found


def _decided(kind: Kind, outcome: int, subjects: tuple[str, ...]) -> bool | str:
    """Say what a comparison came to, in the words of Fact.value."""
    if outcome == 0:
        return "similar"
    match kind.form:
        case "predicate":
            return outcome > 0
        case "choice":
            return subjects[0] if outcome > 0 else subjects[1]
    return kind.word if outcome > 0 else kind.opposite
