"""Distances as a vision-language model says them: asked several times, averaged, with their spread."""

import math
from collections.abc import Sequence

from spatialvlm.answering import choose_model, combine
from spatialvlm.answers import Length
from spatialvlm.errors import ModelError, UserError
from spatialvlm.evaluate import read_answer
from spatialvlm.models import Runtime, Vlm, load_vlm
from spatialvlm.records import Frame
from spatialvlm.reward.distance_sources import DistanceReading, FrameDistances
from spatialvlm.reward.task_goals import Goal

BELIEVED = 0.3
"""What a model says of a length is taken for so uncertain, as a share of it, however often it is asked."""
MOST_SAMPLES, DRAWN_AT = 1000, 1.0


class VlmDistances:
    """Asks a vision-language model "How far is the A from the B?" of each frame, `samples` times.

    `model` is as `answer` takes it, or one that is loaded already. Numbers are averaged; the error of the mean jitters
    from frame to frame, what the model believes of all frames does not average out.
    """

    name = "vlm"

    def __init__(
        self, model: str | Vlm | None = None, *, samples: int = 4, seed: int = 0, runtime: Runtime | None = None
    ) -> None:
        if not 1 <= samples <= MOST_SAMPLES:
            raise UserError(f"samples {samples}: expected 1 to {MOST_SAMPLES}")
        drawn_at = 0.0 if samples == 1 else DRAWN_AT
        if model is None or isinstance(model, str):
            model = load_vlm(choose_model(model), runtime, seed=seed, temperature=drawn_at)
        self._vlm: Vlm = model
        self._samples = samples
        self.version = f"{self._vlm.name};{self._vlm.version};{samples}"
        self.model = self._vlm.name

    def __call__(self, frame: Frame, goals: Sequence[Goal], /) -> FrameDistances:
        """Ask of one frame; an answer without a length, or a model that fails, is a reading that says so."""
        return FrameDistances(tuple(self._reading(frame, goal) for goal in goals))

    def _reading(self, frame: Frame, goal: Goal) -> DistanceReading:
        question = f"How far is the {goal.a} from the {goal.b}?"
        try:
            texts = self._vlm.answers([([frame.image], question)] * self._samples)
        except ModelError as error:
            return DistanceReading(None, why=f"the model failed: {error}")
        combined = combine([read_answer(question, text) for text in texts], texts)
        if not isinstance(combined.value, Length):
            return DistanceReading(None, why=f"the model said no length: {texts[combined.place][:80]!r}")
        return averaged(combined.value.metres, combined.spread, combined.read)


def averaged(mean_m: float, spread_m: float | None, count: int) -> DistanceReading:
    """Return what the mean of some answers is worth; a single answer jitters as much as it is believed."""
    shared_m = max(BELIEVED * mean_m, 0.001)
    jitter_m = shared_m if spread_m is None else spread_m / math.sqrt(count)
    jitter_m = max(jitter_m, 0.1 * shared_m)  # answers that are all the same are not exact
    return DistanceReading(mean_m, math.hypot(jitter_m, shared_m), shared_m)
