"""Is it so? Of two things; yes, no, or about the same."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Bool, Float64

from spatialvlm.answers import SAME, Answer, YesNo
from spatialvlm.kinds.kind import Form, Kind, Outcomes, Values, even


class Predicate(Form):
    """True where sign * (quantity of A - quantity of B) is positive."""

    name = "predicate"
    title = "Is it so? (predicates)"
    compares = True
    says_more = False
    instruction = "Answer yes or no."

    def sections(self, kind: Kind) -> Mapping[str, str]:
        """Slots [A], [B] everywhere."""
        return dict.fromkeys(("question", "true", "false", "similar"), kind.letters)

    def labels(self, kind: Kind) -> Mapping[str, str]:
        """Count each answer."""
        return {"true": "true", "false": "false", "similar": "similar"}

    def section(self, kind: Kind, outcome: int) -> str:
        """Answer from true, false or similar."""
        return ("similar", "true", "false")[outcome]

    def answer(self, kind: Kind, subjects: tuple[str, ...], number: float, outcome: int) -> Answer:
        """Make yes or no, or the option "about the same"."""
        return YesNo(outcome > 0) if outcome else EVEN

    def asks_for(self, answer: Answer) -> str:
        """Offer "about the same" only where it is the answer."""
        return self.instruction if isinstance(answer, YesNo) else f"Answer yes or no, or {SAME!r}."

    def holds(
        self, kind: Kind, outcome: Outcomes, truth: Values, floor: Float64[np.ndarray, " f"]
    ) -> Bool[np.ndarray, " f"]:
        """Compare signs; what is about the same stays within the floor."""
        return same_sign(kind.sign * outcome, truth[:, 0], floor)


def same_sign(
    said: Outcomes, difference: Float64[np.ndarray, " f"], floor: Float64[np.ndarray, " f"]
) -> Bool[np.ndarray, " f"]:
    """Tell whether differences are as was said: 1 greater, -1 less, 0 within the floor."""
    return np.where(said == 0, np.abs(difference) < floor, difference * said > 0)


EVEN = even("yes", "no")
PREDICATE = Predicate()
