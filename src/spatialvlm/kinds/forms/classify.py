"""Which of two words? The kind's word or its opposite, or about the same."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Bool, Float64

from spatialvlm.answers import Answer, Choice
from spatialvlm.kinds.forms.predicate import same_sign
from spatialvlm.kinds.kind import Form, Kind, Outcomes, Values, even


class Classify(Form):
    """`word` where sign * (quantity of A - quantity of B) is positive, else `opposite`."""

    name = "classify"
    title = "This or that? (relations)"
    compares = True
    says_more = False
    instruction = "Answer with one word."

    def sections(self, kind: Kind) -> Mapping[str, str]:
        """Name one section by the word, one by its opposite."""
        return dict.fromkeys(("question", kind.word, kind.opposite, "similar"), kind.letters)

    def labels(self, kind: Kind) -> Mapping[str, str]:
        """Count each answer."""
        return {kind.word: "the first relation", kind.opposite: "the second", "similar": "similar"}

    def section(self, kind: Kind, outcome: int) -> str:
        """Answer from the section of the word, or from similar."""
        return ("similar", kind.word, kind.opposite)[outcome]

    def answer(self, kind: Kind, subjects: tuple[str, ...], number: float, outcome: int) -> Answer:
        """Choose among the two words."""
        words = (kind.word, kind.opposite)
        return Choice(words, 0 if outcome > 0 else 1) if outcome else even(*words)

    def holds(
        self, kind: Kind, outcome: Outcomes, truth: Values, floor: Float64[np.ndarray, " f"]
    ) -> Bool[np.ndarray, " f"]:
        """Compare signs; what is about the same stays within the floor."""
        return same_sign(kind.sign * outcome, truth[:, 0], floor)


CLASSIFY = Classify()
