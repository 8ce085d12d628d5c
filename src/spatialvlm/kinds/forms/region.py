"""Where in the image? Any point of a region."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Bool, Float64

from spatialvlm.answers import NOWHERE, Answer, Region
from spatialvlm.geometry import deepest_point
from spatialvlm.kinds.kind import Form, Kind, Outcomes, Values, Voice
from spatialvlm.records import Fact


class RegionOf(Form):
    """The region of the subjects in the image, which the Facts of a scene know; a point of it is said."""

    name = "region"
    title = "Where in the image? (regions)"
    in_image = True
    instruction = "Answer with a point (x, y), as shares of the image's width and height."

    def sections(self, kind: Kind) -> Mapping[str, str]:
        """Slots: [N] the point, as in "(0.42, 0.61)"; [P] what A stands on, where the place is on that."""
        names = f"{kind.letters}P" if kind.on_own else kind.letters
        return {"question": names, "answer": f"{names}N"}

    def section(self, kind: Kind, outcome: int) -> str:
        """Answer from the only section."""
        return "answer"

    def answer(self, kind: Kind, subjects: tuple[str, ...], number: float, outcome: int) -> Answer:
        """Leave the region open: the Facts fill it in."""
        return NOWHERE

    def holds(
        self, kind: Kind, outcome: Outcomes, truth: Values, floor: Float64[np.ndarray, " f"]
    ) -> Bool[np.ndarray, " f"]:
        """Be right where the truth is not negative."""
        return truth[:, 0] >= 0

    def say(self, kind: Kind, fact: Fact, names: Sequence[str], outcome: int, voice: Voice) -> Mapping[str, str]:
        """Fill [N] with the point that is farthest from the edge."""
        assert isinstance(fact.answer, Region)
        return {"N": "({}, {})".format(*deepest_point(fact.answer.polygon))}


REGION = RegionOf()
