"""At which hour on the clock? 12 is straight ahead, 3 is to the right."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Bool, Float64

from spatialvlm.answers import Answer, Clock
from spatialvlm.kinds.kind import Form, Kind, Outcomes, Values, Voice
from spatialvlm.records import Fact


class ClockHour(Form):
    """The hour that a bearing points to: 12 is straight ahead, 3 is to the right. `outcome` is the hour."""

    name = "clock"
    title = "At which hour? (clock)"
    error_unit = "rad"
    in_roles = True
    instruction = "Answer with an hour from 1 to 12 o'clock, where 12 o'clock is straight ahead."

    def sections(self, kind: Kind) -> Mapping[str, str]:
        """Slots: [N] the hour, as in "2 o'clock"."""
        return {"question": kind.letters, "answer": f"{kind.letters}N"}

    def section(self, kind: Kind, outcome: int) -> str:
        """Answer from the only section."""
        return "answer"

    def answer(self, kind: Kind, subjects: tuple[str, ...], number: float, outcome: int) -> Answer:
        """Make the hour."""
        return Clock(outcome)

    def say(self, kind: Kind, fact: Fact, names: Sequence[str], outcome: int, voice: Voice) -> Mapping[str, str]:
        """Fill [N] with the hour."""
        return {"N": f"{outcome} o'clock"}

    def holds(
        self, kind: Kind, outcome: Outcomes, truth: Values, floor: Float64[np.ndarray, " f"]
    ) -> Bool[np.ndarray, " f"]:
        """Compare with the hour that the true bearing (radians, positive to the right) is nearest to."""
        return hours_of(truth[:, 0]) == outcome


def hours_of(bearing: Float64[np.ndarray, " f"]) -> Outcomes:
    """Turn bearings in radians into the nearest hours, 1 to 12."""
    return ((np.rint(bearing / (np.pi / 6)).astype(np.int64) - 1) % 12 + 1).astype(np.int8)


CLOCK = ClockHour()
