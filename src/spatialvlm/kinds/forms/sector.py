"""In which of some named directions?"""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Bool, Float64

from spatialvlm.answers import Answer, Choice
from spatialvlm.kinds.kind import Form, Kind, Leaning, Outcomes, Sizes, Values


class Sector(Form):
    """One of the kind's `words`, which share the full turn; the first one is centred straight ahead, or begins there.

    `outcome` is the place of the word, from 0. The quantity is which sector a bearing falls in.
    """

    name = "sector"
    title = "In which direction? (sectors)"
    error_unit = "rad"
    in_roles = True
    says_more = False
    instruction = "Answer with one of the directions."

    def sections(self, kind: Kind) -> Mapping[str, str]:
        """Name a section by each word, with "_" for blanks and "-"."""
        return dict.fromkeys(("question", *map(section_name, kind.words)), kind.letters)

    def labels(self, kind: Kind) -> Mapping[str, str]:
        """Count each answer."""
        return {word: word for word in kind.words}

    def section(self, kind: Kind, outcome: int) -> str:
        """Answer from the section of the word."""
        return section_name(kind.words[outcome])

    def answer(self, kind: Kind, subjects: tuple[str, ...], number: float, outcome: int) -> Answer:
        """Choose among the words."""
        return Choice(kind.words, outcome)

    def asks_for(self, answer: Answer) -> str:
        """List the words."""
        assert isinstance(answer, Choice)
        return f"Answer with one of: {', '.join(answer.options)}."

    def holds(
        self, kind: Kind, outcome: Outcomes, truth: Values, floor: Float64[np.ndarray, " f"]
    ) -> Bool[np.ndarray, " f"]:
        """Compare the sectors."""
        return truth[:, 0] == outcome

    def leanings(self, kind: Kind, outcome: Outcomes, listed: Sizes) -> Sequence[Leaning]:
        """Hold the first half of the words against the second, by each subject in its role."""
        weight = np.where(outcome < len(kind.words) / 2, 1.0, -1.0)
        return [Leaning(place, f"{kind.name}/{letter}", weight) for place, letter in enumerate(kind.letters)]


def section_name(word: str) -> str:
    """Name the section of a word."""
    return word.replace("-", "_").replace(" ", "_")


SECTOR = Sector()
