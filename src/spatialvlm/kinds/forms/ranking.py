"""In which order? All of those that are listed."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Bool, Float64

from spatialvlm.answers import Answer, Order
from spatialvlm.kinds.kind import Form, Kind, Leaning, Outcomes, Sizes, Values, Voice, joined
from spatialvlm.records import Fact


class Ranking(Form):
    """By sign * quantity, ascending. In `Facts` those listed stand in the order that is right."""

    name = "ranking"
    title = "In which order? (rankings)"
    of_subjects = True
    instruction = "Answer with all of their names in order, separated by commas."

    def sections(self, kind: Kind) -> Mapping[str, str]:
        """Slots: [L] those that are listed, [O] the same in the right order, [X] the first and [Y] the last of them."""
        return {"question": f"{kind.letters}L", "answer": f"{kind.letters}OXY"}

    def section(self, kind: Kind, outcome: int) -> str:
        """Answer from the only section."""
        return "answer"

    def answer(self, kind: Kind, subjects: tuple[str, ...], number: float, outcome: int) -> Answer:
        """Keep those listed in their order."""
        return Order(subjects[kind.subjects :])

    def say(self, kind: Kind, fact: Fact, names: Sequence[str], outcome: int, voice: Voice) -> Mapping[str, str]:
        """Fill [L] as they are listed, [O] as they are ordered."""
        answer = fact.answer
        assert isinstance(answer, Order)
        by_id = dict(zip(fact.subjects, names))
        ordered = [by_id[one] for one in answer.items]
        return {"L": joined(names[kind.subjects :], "and"), "O": ", ".join(ordered), "X": ordered[0], "Y": ordered[-1]}

    def holds(
        self, kind: Kind, outcome: Outcomes, truth: Values, floor: Float64[np.ndarray, " f"]
    ) -> Bool[np.ndarray, " f"]:
        """Look whether the values of those listed ascend."""
        steps = np.diff(kind.sign * truth, axis=1)
        return np.all((steps > 0) | np.isnan(steps), axis=1)

    def leanings(self, kind: Kind, outcome: Outcomes, listed: Sizes) -> Sequence[Leaning]:
        """Hold the names of those before the middle against the names of those after it."""
        middle = (listed - 1) / 2
        return [
            Leaning(kind.subjects + place, kind.name, np.where(place < listed, (middle - place) / middle, 0.0))
            for place in range(int(listed.max()))
        ]


RANKING = Ranking()
