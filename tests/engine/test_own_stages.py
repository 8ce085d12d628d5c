"""Stages of one's own: inserted, recorded, run; and what is wrong with one is named."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import pytest

import spatialvlm as sv
from fixtures.folders.tiny import tiny_frames, write_rgbd
from spatialvlm.errors import ContractError, ModelError, UserError
from spatialvlm.pipeline import FrameStage
from spatialvlm.records import Drop, Frame, Sample


@pytest.fixture(scope="module")
def frame() -> Frame:
    return tiny_frames(1)[0]


@pytest.fixture(scope="module")
def pipeline() -> sv.Pipeline:
    return sv.Pipeline("given", seed=3)


@dataclass(frozen=True)
class DropNight:
    """Drops frames that are dark."""

    min_mean: float = 60.0
    name = "night"
    needs = "cpu"

    def __call__(self, samples: Sequence[Sample]) -> list[Sample]:
        return [self._judged(sample) for sample in samples]

    def _judged(self, sample: Sample) -> Sample:
        if sample.frame is None or sample.frame.image.mean() >= self.min_mean:
            return sample
        mean = sample.frame.image.mean()
        return sample.dropped(Drop(self.name, sample.frame.id, f"dark: mean {mean:.0f}, expected {self.min_mean:g}"))


@pytest.fixture
def days_and_nights(tmp_path) -> Path:
    """Frames by day, and every second one at night."""
    frames = tiny_frames(4)
    folder = write_rgbd(tmp_path / "frames", frames)
    for frame in frames[1::2]:
        cv2.imwrite(str(folder / f"rgb/{frame.id}.png"), frame.image[..., ::-1] // 10)
    return folder


@pytest.mark.parametrize("workers", [1, 2])
def test_a_stage_of_ones_own_drops_frames_at_night(days_and_nights, tmp_path, workers):
    recipe = sv.recipe_for(str(days_and_nights)).insert(DropNight(), after="collect")
    info = sv.build(recipe, tmp_path / "out", workers=workers)
    assert (info["frames"], info["scenes"], info["drops"]["night"]) == (4, 2, {"dark": 2})
    stage = f"{DropNight.__module__}.DropNight"
    assert info["config"]["inserted"] == [{"after": "collect", "stage": stage, "settings": {"min_mean": 60.0}}]
    assert [stage.name for stage in recipe.stages()][:3] == ["collect", "night", "cull"]


def test_a_stage_is_inserted_only_behind_one_that_is_there():
    recipe = sv.recipe_for("shapes:1")
    with pytest.raises(UserError, match="stage 'sense': none of this recipe, whose stages are collect, cull, detect"):
        recipe.insert(DropNight(), after="sense")
    twice = recipe.insert(DropNight(), after="lift").insert(Loses(), after="night")
    assert [stage.name for stage in twice.stages()][4:7] == ["lift", "night", "loses"]


@dataclass(frozen=True)
class Loses:
    """A stage with a fault: it forgets a Sample."""

    setting: Any = None
    name = "loses"
    needs = "cpu"

    def __call__(self, samples):
        return list(samples)[1:]


class WantsAGpu(Loses):
    needs = "gpu"


@pytest.mark.parametrize(
    ("stage", "message"),
    [
        (WantsAGpu(), "expected an object with a `name`, `needs` \\(one of 'reader', 'model', 'cpu'\\)"),
        (DropNight, "expected an object with"),
        (Loses(Path()), "stage 'loses': its settings cannot be recorded"),
    ],
)
def test_what_is_no_stage_is_not_inserted(stage, message):
    with pytest.raises(UserError, match=message):
        sv.recipe_for("shapes:1").insert(stage, after="lift")


def test_one_name_is_one_stage():
    recipe = sv.recipe_for("shapes:1").insert(DropNight(), after="lift")
    with pytest.raises(UserError, match="stage 'night': the recipe has one of this name already"):
        recipe.insert(DropNight(10.0), after="collect")


def test_a_stage_that_loses_an_image_is_named(tmp_path):
    with pytest.raises(ContractError, match=r"stage 'loses': got Samples \[\], expected \[0\]; return every"):
        sv.build(sv.recipe_for("shapes:3").insert(Loses(), after="lift"), tmp_path / "out")


class OneTooMany(FrameStage):
    name = "many"

    def load(self):
        return lambda frames: [*frames, frames[0]]


class NeverLoads(FrameStage):
    name, loads = "never", 0

    def load(self):
        self.loads += 1
        raise ModelError("weights: damaged")


def test_a_frame_stage_gives_one_result_a_frame_and_is_loaded_once():
    samples = [Sample(place, frame) for place, frame in enumerate(tiny_frames(2))]
    with pytest.raises(ContractError, match="stage 'many': got 3 results, expected one for each of 2 frames"):
        OneTooMany()(samples)
    stage = NeverLoads()
    with pytest.raises(ModelError, match="weights: damaged"):
        stage(samples)
    assert stage.loads == 1


def test_what_is_dropped_late_keeps_no_question(pipeline, frame):
    dropped = pipeline(frame).dropped(sv.Drop("mine", frame.id, "dull: seen before"))
    assert (dropped.frame, dropped.scene, dropped.facts, dropped.questions, dropped.refusals) == (
        None,
        None,
        None,
        (),
        {},
    )
    assert dropped.drops[-1].stage == "mine"


def test_a_frame_stage_needs_a_load():
    class Nothing(FrameStage):
        name = "nothing"

    with pytest.raises(TypeError, match=r"Nothing has no load\(\)"):
        Nothing()([Sample(frame=tiny_frames(1)[0])])
