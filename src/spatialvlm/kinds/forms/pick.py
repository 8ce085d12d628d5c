"""Which of several? One of those that are listed."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Bool, Float64

from spatialvlm.answers import Answer, Choice
from spatialvlm.kinds.kind import LETTERS, Form, Kind, Leaning, Outcomes, Sizes, Values, Voice, joined
from spatialvlm.records import Fact


class Pick(Form):
    """The one with the greatest sign * quantity. In `Facts` it is the first of those listed."""

    name = "pick"
    title = "Which of several? (picks)"
    of_subjects = True
    instruction = "Answer with its name."

    def sections(self, kind: Kind) -> Mapping[str, str]:
        """Slots: [L] the options with "and", [M] with "or", [X] the one that it is."""
        return {"question": f"{kind.letters}LM", "answer": f"{kind.letters}X"}

    def labels(self, kind: Kind) -> Mapping[str, str]:
        """Count each answer."""
        return {LETTERS[kind.subjects + place]: f"the {nth}" for place, nth in enumerate(("first", "second", "third"))}

    def section(self, kind: Kind, outcome: int) -> str:
        """Answer from the only section."""
        return "answer"

    def answer(self, kind: Kind, subjects: tuple[str, ...], number: float, outcome: int) -> Answer:
        """Choose the first of those listed."""
        return Choice(subjects[kind.subjects :], 0)

    def say(self, kind: Kind, fact: Fact, names: Sequence[str], outcome: int, voice: Voice) -> Mapping[str, str]:
        """Fill [L] and [M] with the options, [X] with the right one."""
        listed, answer = names[kind.subjects :], fact.answer
        assert isinstance(answer, Choice)
        return {"L": joined(listed, "and"), "M": joined(listed, "or"), "X": listed[answer.right]}

    def holds(
        self, kind: Kind, outcome: Outcomes, truth: Values, floor: Float64[np.ndarray, " f"]
    ) -> Bool[np.ndarray, " f"]:
        """Look for the greatest; the values are those of the options, in the order of the fact."""
        signed = np.where(np.isnan(truth), -np.inf, kind.sign * truth)
        return signed[:, 0] >= signed.max(axis=1)

    def leanings(self, kind: Kind, outcome: Outcomes, listed: Sizes) -> Sequence[Leaning]:
        """Hold the name of the right one against all of them."""
        share = 1.0 / listed
        return [
            Leaning(kind.subjects + place, kind.name, np.where(place < listed, float(place == 0) - share, 0.0))
            for place in range(int(listed.max()))
        ]


PICK = Pick()
