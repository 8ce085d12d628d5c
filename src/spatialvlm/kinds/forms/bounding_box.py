"""Where in the image? The box around what is seen of a thing."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Bool, Float64

from spatialvlm.answers import UNFRAMED, Answer, BoundingBox
from spatialvlm.kinds.kind import Form, Kind, Outcomes, Values, Voice
from spatialvlm.records import Fact

CORNERS = "[x1, y1, x2, y2]"
"""How a question asks for a box, before what the corners count in."""
LEAST_OVERLAP = 0.5
"""Of intersection and union, where two boxes are of one thing: the rule of RefCOCO."""


class BoxOf(Form):
    """The bounding box of the subject in the image, which the Facts of a scene know."""

    name = "bounding_box"
    title = "Which box in the image? (boxes)"
    in_image = True
    instruction = f"Answer with a box {CORNERS}."

    def sections(self, kind: Kind) -> Mapping[str, str]:
        """Slots: [Z] how the box is to be written, [N] the box, as in "[120, 340, 455, 780]"."""
        return {"question": f"{kind.letters}Z", "answer": f"{kind.letters}N"}

    def section(self, kind: Kind, outcome: int) -> str:
        """Answer from the only section."""
        return "answer"

    def answer(self, kind: Kind, subjects: tuple[str, ...], number: float, outcome: int) -> Answer:
        """Leave the box open: the Facts fill it in."""
        return UNFRAMED

    def say(self, kind: Kind, fact: Fact, names: Sequence[str], outcome: int, voice: Voice) -> Mapping[str, str]:
        """Fill [N] with the corners and [Z] with their order and what they count in."""
        assert isinstance(fact.answer, BoundingBox)
        return {"N": f"[{voice.scale.say(fact.answer.corners)}]", "Z": f"{CORNERS}, {voice.scale.words}"}

    def holds(
        self, kind: Kind, outcome: Outcomes, truth: Values, floor: Float64[np.ndarray, " f"]
    ) -> Bool[np.ndarray, " f"]:
        """Look how far the box overlaps with the true one."""
        return truth[:, 0] >= LEAST_OVERLAP


BOUNDING_BOX = BoxOf()
