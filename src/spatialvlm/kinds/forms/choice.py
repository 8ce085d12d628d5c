"""Which of two? The one or the other, or about the same."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Bool, Float64

from spatialvlm.answers import Answer, Choice
from spatialvlm.kinds.forms.predicate import same_sign
from spatialvlm.kinds.kind import Form, Kind, Outcomes, Values, Voice, even
from spatialvlm.records import Fact


class ChoiceOfTwo(Form):
    """A where sign * (quantity of A - quantity of B) is positive, else B."""

    name = "choice"
    title = "Which one? (choices)"
    compares = True
    of_subjects = True
    instruction = "Answer with its name."

    def sections(self, kind: Kind) -> Mapping[str, str]:
        """Name the section `answer`, with [X] for the one that it is and [Y] for the other."""
        return {"question": "AB", "answer": "XY", "similar": "AB"}

    def labels(self, kind: Kind) -> Mapping[str, str]:
        """Count each answer."""
        return {"A": "A, the first", "B": "B, the second", "similar": "similar"}

    def section(self, kind: Kind, outcome: int) -> str:
        """Answer from `answer`, or from similar."""
        return "answer" if outcome else "similar"

    def answer(self, kind: Kind, subjects: tuple[str, ...], number: float, outcome: int) -> Answer:
        """Choose among the two, by their ids."""
        return Choice(subjects, 0 if outcome > 0 else 1) if outcome else even(*subjects)

    def say(self, kind: Kind, fact: Fact, names: Sequence[str], outcome: int, voice: Voice) -> Mapping[str, str]:
        """Fill [X] with the one that it is, [Y] with the other."""
        return {"X": names[0], "Y": names[1]} if outcome > 0 else {"X": names[1], "Y": names[0]}

    def holds(
        self, kind: Kind, outcome: Outcomes, truth: Values, floor: Float64[np.ndarray, " f"]
    ) -> Bool[np.ndarray, " f"]:
        """Compare signs; what is about the same stays within the floor."""
        return same_sign(kind.sign * outcome, truth[:, 0], floor)


CHOICE = ChoiceOfTwo()
