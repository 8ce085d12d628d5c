"""What a line of reasoning has before it: a picture, its scene where there is depth, a model to ask, and a workbook."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from spatialvlm.answers import CannotTell
from spatialvlm.errors import UserError
from spatialvlm.evaluate import AskedFacts, facts_to_ask_for
from spatialvlm.pipeline.lift import Anchor, LiftConfig, lift
from spatialvlm.pipeline.measure import MeasureConfig
from spatialvlm.pipeline.scene_answers import SceneAnswer
from spatialvlm.reason.known_values import Entry, Workbook
from spatialvlm.records import Frame, Scene

AskVlm = Callable[[str], str]
"""A question about the picture -> what a vision-language model says."""
CAMERA = frozenset(("camera", "the camera", "viewer", "the viewer", "me"))


@dataclass(slots=True, eq=False)
class Desk:
    """See the module. `vlm_error` is the relative error that the model's lengths are believed to have, 1 sigma.

    `stretched` is the factor that anchors set here put on the depth of the frame.

    `answered` is the call that ended the reasoning, once it was made.
    """

    frame: Frame | None = None
    scene: Scene | None = None
    vlm: AskVlm | None = None
    vlm_error: float = 0.3
    lift_config: LiftConfig = field(default_factory=LiftConfig)
    stretched: float = 1.0
    book: Workbook = field(init=False)
    answered: dict[str, Any] | None = None
    _facts: tuple[Scene, AskedFacts] | None = None

    def __post_init__(self) -> None:
        self.book = Workbook(self.scene.errors.scale if self.scene is not None else 0.0)

    @classmethod
    def of_frame(cls, frame: Frame, vlm: AskVlm | None = None, config: LiftConfig | None = None) -> "Desk":
        """Lay out a frame; its scene is lifted where it has depth, a camera and instances."""
        config = config or LiftConfig()
        return cls(frame, lift(frame, config).scene, vlm, lift_config=config)

    def ask(self, kind: str, *names: str) -> Entry:
        """Ask the scene for a kind of question, and keep what it tells. Raises UserError as `Scene.ask` does."""
        told: SceneAnswer = self.known.ask(kind, *names)
        return self.book.measured(told)

    @property
    def known(self) -> Scene:
        """The scene. Raises UserError where there is none."""
        if self.scene is None:
            raise UserError("there is no scene: the picture has no depth; ask the vision-language model instead")
        return self.scene

    @property
    def facts(self) -> AskedFacts:
        """All facts of the scene, by what questions ask for; measured once. Raises UserError where there is none."""
        if self._facts is None or self._facts[0] is not self.known:
            self._facts = (self.known, facts_to_ask_for(self.known, MeasureConfig()))
        return self._facts[1]

    def anchor(self, anchor: Anchor) -> float:
        """Lift the scene again to the scale that one more known length fixes; returns the factor on lengths.

        What was measured before is forgotten. Raises UserError where it cannot be done.
        """
        before = self.known
        if self.frame is None:
            raise UserError("the scale cannot be fixed: the frame of the scene is not at hand")
        config = replace(self.lift_config, anchors=(*self.lift_config.anchors, anchor))
        sample = lift(self.frame, config)
        if sample.scene is None:
            reasons = "; ".join(drop.reason for drop in sample.drops) or "nothing could be lifted"
            raise UserError(f"{anchor.said} {anchor.length_m:g} m: {reasons}")
        names = {thing.instance.id: thing for thing in before.objects}
        shared = [(names[thing.instance.id], thing) for thing in sample.scene.objects if thing.instance.id in names]
        self.scene, self.lift_config = sample.scene, config
        self.book = Workbook(sample.scene.errors.scale)
        factors = [np.ptp(new.points_in_world, 0).max() / np.ptp(old.points_in_world, 0).max() for old, new in shared]
        factor = float(np.median(factors)) if factors else 1.0
        self.stretched *= factor
        return factor


def told(entry: Entry) -> dict[str, Any]:
    """Return an entry as a tool answers it: what can't be told says why."""
    if isinstance(entry.answer, CannotTell):
        return {"handle": entry.handle, "cannot_tell": entry.answer.reason, "text": entry.text}
    return entry.to_json()
