"""Is it so? Of any number of things; yes or no. A length may be given in the question."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Bool, Float64

from spatialvlm.answers import Answer, YesNo
from spatialvlm.kinds.kind import Form, Kind, Leaning, Outcomes, Sizes, Values, Voice
from spatialvlm.records import Fact


class Statement(Form):
    """True where the quantity is positive: what speaks for it is greater than what speaks against it."""

    name = "statement"
    title = "Is that true? (statements)"
    instruction = "Answer yes or no."

    def sections(self, kind: Kind) -> Mapping[str, str]:
        """Slots of the subjects, and [G] for the given length where the kind has one."""
        return dict.fromkeys(("question", "true", "false"), f"{kind.letters}P{'G' if kind.given else ''}")

    def labels(self, kind: Kind) -> Mapping[str, str]:
        """Count each answer."""
        return {"true": "true", "false": "false"}

    def section(self, kind: Kind, outcome: int) -> str:
        """Answer from true or false."""
        return "true" if outcome > 0 else "false"

    def answer(self, kind: Kind, subjects: tuple[str, ...], number: float, outcome: int) -> Answer:
        """Make yes or no."""
        return YesNo(outcome > 0)

    def say(self, kind: Kind, fact: Fact, names: Sequence[str], outcome: int, voice: Voice) -> Mapping[str, str]:
        """Fill [G] with the given length, as it is: nobody rounds a limit."""
        return {} if fact.given is None else {"G": voice.limit(fact.given)}

    def holds(
        self, kind: Kind, outcome: Outcomes, truth: Values, floor: Float64[np.ndarray, " f"]
    ) -> Bool[np.ndarray, " f"]:
        """Compare signs."""
        return truth[:, 0] * outcome > 0

    def leanings(self, kind: Kind, outcome: Outcomes, listed: Sizes) -> Sequence[Leaning]:
        """Hold yes against no: by the subject, by the two that it is held against, by the given length."""
        weight = outcome.astype(np.float64)
        alone = kind.subjects != 2  # two alone have one role
        found = [
            Leaning(place, kind.name if alone and place == 0 else f"{kind.name}/others", weight)
            for place in range(kind.subjects)
        ]
        return [*found, Leaning(None, kind.name, weight)] if kind.given else found


STATEMENT = Statement()
