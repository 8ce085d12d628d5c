"""How many? A whole number, with sections for none, one and many."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Bool, Float64

from spatialvlm.answers import Answer, Count
from spatialvlm.kinds.kind import Form, Kind, Leaning, Outcomes, Sizes, Values, Voice, joined
from spatialvlm.records import Fact


class CountOf(Form):
    """The quantity, a whole number."""

    name = "count"
    title = "How many? (counts)"
    family = "quantitative"
    instruction = "Answer with a number."

    def sections(self, kind: Kind) -> Mapping[str, str]:
        """Sections for none, one and many, where [N] is the number; [L] are those that may count."""
        letters = f"{kind.letters}{'L' if kind.listed else ''}{'G' if kind.given else ''}"
        return {"question": letters, "none": letters, "one": f"{letters}N", "many": f"{letters}N"}

    def section(self, kind: Kind, outcome: int) -> str:
        """Answer from none, one or many: `outcome` is the number."""
        return "none" if outcome == 0 else "one" if outcome == 1 else "many"

    def answer(self, kind: Kind, subjects: tuple[str, ...], number: float, outcome: int) -> Answer:
        """Make the count."""
        return Count(outcome)

    def say(self, kind: Kind, fact: Fact, names: Sequence[str], outcome: int, voice: Voice) -> Mapping[str, str]:
        """Fill [N] with the number in digits or in words, [G] with the given length."""
        given = {} if fact.given is None else {"G": voice.limit(fact.given)}
        return {"N": voice.count(outcome), "L": joined(names[kind.subjects :], "and")} | given

    def holds(
        self, kind: Kind, outcome: Outcomes, truth: Values, floor: Float64[np.ndarray, " f"]
    ) -> Bool[np.ndarray, " f"]:
        """Compare the numbers."""
        return truth[:, 0] == outcome

    def leanings(self, kind: Kind, outcome: Outcomes, listed: Sizes) -> Sequence[Leaning]:
        """Hold the number against all that are possible: by the given length, with how many are listed."""
        found, share = [], 1.0 / (listed + 1)
        for number in range(int(listed.max()) + 1):
            weight = np.where(number <= listed, (outcome == number) - share, 0.0)
            found.append(Leaning(None, f"{kind.name}={number}", weight))
        return found


COUNT = CountOf()
