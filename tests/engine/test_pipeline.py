"""From Python: what holds a picture in, a Sample with every drop out; stages of one's own; nothing else changes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

import spatialvlm as sv
from fixtures.folders.tiny import tiny_frames, write_rgbd
from spatialvlm.dataset import read_dataset
from spatialvlm.errors import ContractError, ModelError, UserError
from spatialvlm.pipeline import FrameStage
from spatialvlm.records import Drop, Frame, Sample


@pytest.fixture(scope="module")
def frame() -> Frame:
    return tiny_frames(1)[0]


@pytest.fixture(scope="module")
def pipeline() -> sv.Pipeline:
    return sv.Pipeline("given", seed=3)


def texts(sample: Sample) -> list[tuple[str, str]]:
    return [(qa.question, qa.answer) for qa in sample.questions]


def test_arrays_in_memory_become_a_scene_and_questions(frame, pipeline):
    camera = frame.camera
    matrix = camera.image_from_camera
    known = {
        "depth_m": frame.depth_m.astype(np.float64),
        "camera": (matrix[0, 0], matrix[1, 1], matrix[0, 2], matrix[1, 2]),
        "gravity": 9.81 * frame.gravity_in_camera,
        "instances": {one.captions[0]: one.mask for one in frame.instances},
        "id": frame.id,
    }
    sample = pipeline(frame.image, **known)
    whole = pipeline(replace(frame, instances=sample.frame.instances))
    assert len(sample.questions) == 20
    assert texts(sample) == texts(whole)
    assert [o.instance.captions for o in sample.scene.objects] == [o.instance.captions for o in whole.scene.objects]
    assert sample.drops == whole.drops


def test_a_picture_of_pil_is_the_array_it_holds(frame, pipeline):
    known = {"depth_m": frame.depth_m, "camera": frame.camera, "gravity": frame.gravity_in_camera}
    of_array = pipeline(frame.image, **known)
    of_pil = pipeline(Image.fromarray(frame.image).convert("RGBA"), **known)
    assert of_array.scene is not None
    assert texts(of_pil) == texts(of_array)


def test_without_depth_the_sample_says_what_is_missing(frame, pipeline):
    sample = pipeline(frame.image)
    assert sample.scene is None
    assert sample.questions == ()
    assert [(drop.stage, drop.reason.split(":")[0]) for drop in sample.drops] == [("detect", "no_depth")]


def test_a_folder_gives_what_build_writes(tmp_path, pipeline):
    folder = write_rgbd(tmp_path / "frames", tiny_frames(3), copies=2)
    lines = (folder / "frames.jsonl").read_text().splitlines()
    lines[4] = lines[4].replace("rgb/", "nowhere/")
    (folder / "frames.jsonl").write_text("\n".join(lines))
    sv.build(str(folder), tmp_path / "out", seed=3)
    stored = read_dataset(tmp_path / "out")
    samples = list(pipeline.each(folder))
    assert [sample.index for sample in samples] == list(range(6))
    assert [[*sample.questions] for sample in samples if sample.scene] == [qas for _, qas in stored.questions()]
    assert [drop for sample in samples for drop in sample.drops] == list(stored.drops())
    assert [sample.index for sample in samples if sample.frame is None] == [4]


def test_pictures_of_a_folder_one_by_one_and_broken_ones(tmp_path, frame):
    cv2.imwrite(str(tmp_path / "a.png"), frame.image)
    (tmp_path / "b.jpg").write_bytes(b"no picture")
    samples = list(sv.Pipeline().each([*(tmp_path / f for f in ("a.png", "b.jpg", "c.png")), frame, frame.image, 5]))
    assert [sample.index for sample in samples] == list(range(6))
    codes = [[(drop.stage, drop.id, drop.reason.split(":")[0]) for drop in sample.drops] for sample in samples]
    assert codes[0] == [("detect", "a", "no_depth")]
    assert codes[1] == [("collect", "b", "image_unreadable")]
    assert codes[2] == [("collect", "c", "image_missing")]
    assert len(samples[3].questions) == 20
    assert codes[4] == [("detect", "image-000004", "no_depth")]
    assert codes[5] == [("collect", "image-000005", "image_unusable")]


def test_collecting_loses_no_drop(tmp_path):
    folder = write_rgbd(tmp_path / "frames", tiny_frames(2))
    (folder / "frames.jsonl").write_text((folder / "frames.jsonl").read_text() + "{}\n")
    samples = sv.collect(str(folder))
    assert [sample.frame is None for sample in samples] == [False, False, True]
    assert [drop.reason.split(":")[0] for drop in samples[2].drops] == ["missing_key"]


@pytest.mark.parametrize(
    ("known", "part"),
    [
        ({"image": np.zeros((4, 5), np.uint8)}, r"got uint8 of shape \(4, 5\), expected uint8 of shape"),
        ({"image": np.zeros((4, 5, 3))}, r"got float64 .*\(255 \* image\)"),
        ({"depth_m": np.zeros((5, 4))}, r"depth of image 'image': got shape \(5, 4\), expected \(4, 5\)"),
        ({"camera": (500.0, 500.0)}, "expected a Camera, or fx, fy, cx, cy in pixels"),
        ({"gravity": (0, 0, 0)}, "not all 0"),
        ({"gravity": (0, np.nan, 1)}, "expected three finite numbers"),
        ({"instances": {"mug": np.zeros((4, 5), bool)}}, "mask of 'mug' .* with 0 pixels"),
        ({"instances": {"mug": np.ones((5, 4), bool)}}, r"got shape \(5, 4\)"),
    ],
)
def test_arrays_that_make_no_frame_say_why(known, part):
    with pytest.raises(UserError, match=part):
        Frame.of(**{"image": np.zeros((4, 5, 3), np.uint8), **known})


def test_unknown_depth_is_nan_and_what_was_given_is_left_alone():
    depth = np.array([[1.0, 0.0], [-1.0, np.inf]], np.float32)
    frame = Frame.of(np.zeros((2, 2, 3), np.uint8), depth_m=depth)
    np.testing.assert_array_equal(frame.depth_m, [[1.0, np.nan], [np.nan, np.nan]])
    assert depth[0, 1] == 0


# -- a stage of one's own ----------------------------------------------------------------------------------------------


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
