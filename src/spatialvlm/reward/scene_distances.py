"""Distances by geometry: a frame is lifted to a Scene, the things of the goals are found in it and measured."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from spatialvlm.answers import Length
from spatialvlm.errors import UserError
from spatialvlm.models import Runtime
from spatialvlm.pipeline import run_stages
from spatialvlm.pipeline.measure import REASONS, MeasureConfig, measure
from spatialvlm.recipes import Recipe
from spatialvlm.records import Frame, Object, Sample, Scene
from spatialvlm.reward.distance_sources import DistanceReading, FrameDistances, MeasuredPlace, nothing_told
from spatialvlm.reward.task_goals import Goal, called

NOT_ASKED = ("collect", "cull", "measure", "phrase")
"""Stages that an episode does without: none of its frames is a repeat, and no questions are asked."""
ALL_LENGTHS = MeasureConfig(min_length_m=0.0, max_relative_error=math.inf)
"""Things that touch have a distance too: what is small is not refused, its error says enough."""
LEAST_JITTER_M, MOST_OTHERS = 0.001, 6
HIDDEN_SHARE = 0.25
"""Of the extent of a thing that something cuts: how far the centre of the whole may be from what is seen, 1 sigma."""
SEVERAL = "several are called so"
CLIPPED = "touches the border of the picture"


class SceneDistances:
    """Measures between centres, or with `measured="gap"` between surfaces, in the scene that a recipe makes of a frame.

    With `moving_camera` and no pose in the frames, places do not stay from frame to frame: only distances are told.
    """

    name = "geometry"

    def __init__(
        self,
        recipe: Recipe,
        runtime: Runtime | None = None,
        *,
        measured: Literal["distance", "gap"] = "distance",
        moving_camera: bool = False,
    ) -> None:
        self._stages = [stage for stage in recipe.stages(runtime or Runtime()) if stage.name not in NOT_ASKED]
        self._measured: Literal["distance", "gap"] = measured
        self.moving = moving_camera
        models = ",".join(f"{role}={model.backend}:{model.weights}" for role, model in sorted(recipe.models.items()))
        self.version = f"{measured}{',moving' if moving_camera else ''}{';' if models else ''}{models}"

    def __call__(self, frame: Frame, goals: Sequence[Goal], /) -> FrameDistances:
        """Lift the frame, and measure what it shows."""
        sample = self.lifted(frame)
        if sample.scene is None:
            why = "; ".join(dict.fromkeys(drop.reason for drop in sample.drops)) or "no objects with depth"
            return nothing_told(goals, why)
        lifted = sample.frame or frame
        return self.in_scene(sample.scene, goals, lifted)

    def lifted(self, frame: Frame) -> Sample:
        """Lift a frame: a Sample with its scene and what models added to it, or with the reason why there is none."""
        return run_stages(self._stages, [Sample(frame=frame)])[0]

    def in_scene(self, scene: Scene, goals: Sequence[Goal], frame: Frame) -> FrameDistances:
        """Measure in a scene that is lifted already."""
        names = dict.fromkeys(name for goal in goals for name in (goal.a, goal.b))
        found = {name: find_thing(scene, name) for name in names}
        things = {name: one for name, one in found.items() if isinstance(one, Object) and not one.truncated}
        lost = {name: one if isinstance(one, str) else CLIPPED for name, one in found.items() if name not in things}
        seen = tuple(dict.fromkeys((o.instance.captions or (o.instance.id,))[0] for o in scene.objects))
        readings = tuple(self._reading(scene, goal, things, lost) for goal in goals)
        boxes = {name: tuple(map(float, one.instance.box_xyxy)) for name, one in things.items()}
        posed = frame.sequence_from_camera is not None
        if self._measured == "gap" or scene.scale != "metric" or (self.moving and not posed):
            return FrameDistances(readings, {}, seen, posed, {}, boxes)
        places = {name: place_of(scene, one, frame) for name, one in things.items()}
        rivals = {
            name: tuple(place_of(scene, one, frame) for one in things_called(scene, name) if not one.truncated)
            for name, why in lost.items()
            if why == SEVERAL
        }
        return FrameDistances(readings, places, seen, posed, _others(scene, found.values(), frame), boxes, rivals)

    def _reading(self, scene: Scene, goal: Goal, things: dict[str, Object], lost: dict[str, str]) -> DistanceReading:
        missing = [f"{name}: {lost[name]}" for name in (goal.a, goal.b) if name in lost]
        if missing:
            return DistanceReading(None, why="; ".join(missing))
        pair = things[goal.a], things[goal.b]
        if pair[0].instance.id == pair[1].instance.id:
            return DistanceReading(None, why=f"{goal.a} and {goal.b} are found to be one thing")
        facts = measure(replace(scene, objects=pair), ALL_LENGTHS, [self._measured])
        for fact in facts:
            if isinstance(fact.answer, Length) and math.isfinite(fact.answer.metres + fact.error):
                return DistanceReading(fact.answer.metres, fact.error, fact.error)
        reason = next((reason for _, reason in facts.refusals), "not measured")
        return DistanceReading(None, why=REASONS.get(reason, reason))


def find_thing(scene: Scene, name: str) -> Object | str:
    """Find the one thing that is called so, by the first of its names that fits; else say why there is none."""
    why = "not in view"
    for alternative in called(name):
        try:
            return scene[alternative]
        except UserError as error:
            if SEVERAL in str(error):
                why = SEVERAL
    return why


def things_called(scene: Scene, name: str) -> list[Object]:
    """List the things of which a caption has all words of a name, by the first of its names that fits any."""
    for alternative in called(name):
        words = set(alternative.split())
        if found := [one for one in scene.objects if any(words <= set(c.split()) for c in one.instance.captions)]:
            return found
    return []


def place_of(scene: Scene, thing: Object, frame: Frame) -> MeasuredPlace:
    """Return where the centre of a thing's box is: in the world of the sequence where the camera's pose is known.

    Elsewhere it is a camera that stands still: then what it sees stays where it is. The scene's own world does not do,
    since its origin and its up are estimated in each frame anew.
    """
    box, camera_from_world = thing.box, np.linalg.inv(scene.world_from_camera)
    turned = camera_from_world[:3, :3]
    at = turned @ ((box.low_in_world + box.high_in_world) / 2) + camera_from_world[:3, 3]
    variance = (box.low_error_m**2 + box.high_error_m**2) / 4
    if thing.occluded:  # the centre of what is left in sight is not that of the whole
        variance = variance + (HIDDEN_SHARE * (box.high_in_world - box.low_in_world)) ** 2
    variance = turned**2 @ variance
    pose = frame.sequence_from_camera
    if pose is not None:
        at, variance = pose[:3, :3] @ at + pose[:3, 3], (pose[:3, :3] ** 2) @ variance
    sigma = np.maximum(np.sqrt(variance), LEAST_JITTER_M)
    x, y, z = at.tolist()
    across, up, along = sigma.tolist()
    return MeasuredPlace((x, y, z), (across, up, along))


def _others(scene: Scene, found: Iterable[Object | str], frame: Frame) -> dict[str, MeasuredPlace]:
    """Return where some whole things are that no goal names, by captions that are theirs alone."""
    goals = {one.instance.id for one in found if isinstance(one, Object)}
    captions = Counter(caption for one in scene.objects for caption in one.instance.captions[:1])
    others = [
        one
        for one in scene.objects
        if one.instance.id not in goals and not one.truncated and not one.occluded and one.instance.captions
    ]
    alone = [one for one in others if captions[one.instance.captions[0]] == 1]
    return {one.instance.captions[0]: place_of(scene, one, frame) for one in alone[:MOST_OTHERS]}
