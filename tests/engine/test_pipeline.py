"""From Python: what holds a picture in, a Sample with every drop out; stages of one's own; nothing else changes."""

import inspect
from collections.abc import Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

import spatialvlm as sv
from fixtures.folders.exif_blocks import exif_block
from fixtures.folders.tiny import tiny_frames, write_rgbd
from spatialvlm.dataset import read_dataset
from spatialvlm.errors import ContractError, ModelError, UserError
from spatialvlm.pipeline import FrameStage
from spatialvlm.records import Camera, Drop, Frame, Instance, Rle, Sample


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


def unchecked(record, **values):
    """Fill in fields as somebody can whose types nobody checks; tests check them."""
    for name, value in values.items():
        object.__setattr__(record, name, value)
    return record


def camera(matrix, width: int = 5, height: int = 4, focal_error: float = 0.0) -> Camera:
    whole = Camera(np.eye(3), width, height, focal_error=focal_error)
    return unchecked(whole, image_from_camera=np.array(matrix, np.float64))


def instance(**changes) -> Instance:
    whole = Instance("1", ("mug",), np.array([0, 0, 5, 4], np.float32), np.ones((4, 5), bool))
    return unchecked(whole, **changes)


PINHOLE = [[9.0, 0.0, 2.5], [0.0, 9.0, 2.0], [0.0, 0.0, 1.0]]
POSITIVE = "expected finite numbers with positive focal lengths"
FOUR = "expected a Camera, or fx, fy, cx, cy in pixels"


@pytest.mark.parametrize(
    ("known", "part"),
    [
        ({"image": np.zeros((4, 5), np.uint8)}, r"got uint8 of shape \(4, 5\), expected uint8 of shape"),
        ({"image": np.zeros((4, 5, 3))}, r"got float64 .*\(255 \* image\)"),
        ({"image": [[[0, 0, 0]], [[0, 0, 0], [0, 0, 0]]]}, "image 'image': numpy makes no array of this list"),
        ({"depth_m": np.zeros((5, 4))}, r"depth of image 'image': got shape \(5, 4\), expected \(4, 5\)"),
        ({"depth_m": "x.png"}, "depth of image 'image': got <U5 .* expected metres as floats"),
        ({"depth_m": np.ones((4, 5), np.uint16)}, r"got uint16 .*np.float32\(0.001\) \* depth"),
        ({"depth_m": np.zeros((4, 5))}, "no pixel has a known depth"),
        ({"depth_m": np.full((4, 5), 1e300)}, "no pixel has a known depth"),
        ({"camera": (500.0, 500.0)}, FOUR),
        ({"camera": 5}, FOUR),
        ({"camera": np.eye(4)}, FOUR),
        ({"camera": {"fx": 1, "fy": 1, "cx": 1, "cy": 1}}, FOUR),
        ({"camera": "abcd"}, FOUR),
        ({"camera": (0, 0, 0, 0)}, POSITIVE),
        ({"camera": (-9, 9, 2, 2)}, POSITIVE),
        ({"camera": (9, np.nan, 2, 2)}, POSITIVE),
        ({"camera": (9, 9, np.inf, 2)}, POSITIVE),
        ({"camera": camera(np.zeros((3, 3)))}, POSITIVE),
        ({"camera": camera(np.eye(4))}, r"got float64 of shape \(4, 4\)"),
        ({"camera": camera([*PINHOLE[:2], [0, 0, 2]])}, "expected the rows fx s cx, 0 fy cy, 0 0 1"),
        ({"camera": camera(PINHOLE, 10, 8)}, r"got \(height, width\) \(8, 10\), expected the image's \(4, 5\)"),
        ({"camera": camera(PINHOLE, focal_error=np.nan)}, "got focal_error nan"),
        ({"gravity": (0, 0, 0)}, "not all 0"),
        ({"gravity": (0, np.nan, 1)}, "expected three finite numbers"),
        ({"gravity": "down"}, "gravity of image 'image': got 'down', expected three finite numbers"),
        ({"gravity": (0, 1)}, "expected three finite numbers"),
        ({"gravity": (0, 1e-320, 0)}, "a vector longer than 1e-06"),
        ({"gravity": (0, 1.7e308, 1.7e308)}, "expected three finite numbers"),
        ({"instances": 3}, "instances of image 'image': got 3, expected a list of Instances"),
        ({"instances": instance()}, "expected a list of Instances"),
        ({"instances": ["mug"]}, "instance 0 of image 'image': got str, expected an Instance"),
        ({"instances": [instance(), instance()]}, "instance 1 of image 'image': repeats the id '1'"),
        ({"instances": [instance(id=1)]}, "id of instance 0 .*: got 1, expected text"),
        ({"instances": [instance(mask=np.ones((5, 4), bool))]}, r"mask of instance 0 .*got shape \(5, 4\)"),
        ({"instances": [instance(mask=np.ones((4, 5)))]}, "got float64 .* expected a bool array"),
        ({"instances": [instance(mask=Rle(4, 5, b"0d0"))]}, "got Rle, expected a bool array .*decode_mask"),
        ({"instances": [instance(captions="mug")]}, "captions of instance 0 .*expected a tuple of text"),
        ({"instances": [instance(box_xyxy=np.array([5.0, 4, 5, 4]))]}, "expected an array with x0 < x1"),
        ({"instances": [instance(score=7)]}, "score of instance 0 .*got 7"),
        ({"instances": {"mug": np.zeros((4, 5), bool)}}, "mask of 'mug' .* with 0 pixels"),
        ({"instances": {"mug": np.ones((5, 4), bool)}}, r"got shape \(5, 4\)"),
        ({"instances": {"mug": np.full((4, 5), -3.0)}}, "got float64 .*logits: mask > 0"),
        ({"instances": {"mug": [[1], [1, 0]]}}, "mask of 'mug' .*numpy makes no array"),
        ({"id": 7}, "id of an image: got 7, expected text of 1 to 200 characters"),
        ({"id": " "}, "id of an image"),
        ({"id": "\ud800"}, "id of an image"),
    ],
)
def test_arrays_that_make_no_frame_say_why(known, part):
    with pytest.raises(UserError, match=part):
        inspect.unwrap(Frame.of.__func__)(Frame, **{"image": np.zeros((4, 5, 3), np.uint8), **known})


@pytest.mark.parametrize(
    ("known", "name", "expected"),
    [
        ({"gravity": (0, 1e300, 1e300)}, "gravity_in_camera", [0, 0.5**0.5, 0.5**0.5]),
        ({"camera": [9, 9, 2.5, 2]}, "camera", PINHOLE),
        ({"camera": camera([[9, 1, 2.5], *PINHOLE[1:]])}, "camera", [[9, 1, 2.5], *PINHOLE[1:]]),
        ({"instances": {"mug": np.eye(4, 5, dtype=np.uint8)}}, "instances", [[0, 0, 4, 4]]),
        ({"instances": iter([instance()])}, "instances", [[0, 0, 5, 4]]),
        ({"instances": []}, "instances", []),
    ],
)
def test_what_fits_is_taken(known, name, expected):
    made = getattr(Frame.of(np.zeros((4, 5, 3), np.uint8), **known), name)
    if isinstance(made, Camera):
        made = made.image_from_camera
    elif isinstance(made, tuple):
        made = [one.box_xyxy for one in made]
    np.testing.assert_allclose(made, expected)


def test_unknown_depth_is_nan_and_what_was_given_is_left_alone():
    depth = np.array([[1.0, 0.0], [-1.0, np.inf]], np.float32)
    frame = Frame.of(np.zeros((2, 2, 3), np.uint8), depth_m=depth)
    np.testing.assert_array_equal(frame.depth_m, [[1.0, np.nan], [np.nan, np.nan]])
    assert depth[0, 1] == 0


# -- files, frames and settings ----------------------------------------------------------------------------------------


@pytest.fixture
def photo(tmp_path, frame) -> Path:
    """A picture file whose EXIF tells a focal length."""
    exif = exif_block(FocalLengthIn35mmFilm=28)
    Image.fromarray(frame.image).save(tmp_path / "desk.png", exif=exif)
    return tmp_path / "desk.png"


def test_what_is_known_goes_before_what_a_file_says(photo, frame, pipeline):
    known = {"depth_m": frame.depth_m, "gravity": frame.gravity_in_camera, "instances": frame.instances}
    of_exif, calibrated = pipeline(photo, **known).frame, pipeline(str(photo), **known, camera=frame.camera).frame
    assert (of_exif.camera.provenance, calibrated.camera.provenance) == ("exif", "calibration")
    np.testing.assert_array_equal(calibrated.camera.image_from_camera, frame.camera.image_from_camera)
    for made in (of_exif, calibrated):
        assert (made.id, made.source.image_path, made.source.image_bytes) == ("desk", "desk.png", photo.read_bytes())
        np.testing.assert_array_equal(made.depth_m, frame.depth_m)
        np.testing.assert_allclose(made.gravity_in_camera, frame.gravity_in_camera)
        assert made.instances == frame.instances
    assert pipeline(photo, id="mine", depth_m=None, **{"gravity": (0, 1, 0)}).drops[0].id == "mine"


@pytest.mark.parametrize(
    ("picture", "known", "part"),
    [
        ("frame", {"depth_m": np.ones((120, 160))}, "depth_m of frame .*dataclasses.replace"),
        ("frame", {"id": "other"}, "dataclasses.replace"),
        ("photo", {"depth_m": np.ones((2, 2))}, "depth of image 'desk': got shape"),
        ("photo", {"depth": 3}, "'depth' of a picture: unknown; expected depth_m, camera"),
        ("array", {"depth": 3}, "'depth' of a picture: unknown"),
        ("array", {"id": ""}, "id of an image: got ''"),
        ("deep", {}, "a PIL image of mode 'I;16', expected 8 bits"),
        ("cut", {}, "PIL cannot read it"),
        ("nul", {}, "no path of a file"),
    ],
)
def test_what_is_known_but_does_not_fit_is_said(photo, frame, pipeline, picture, known, part):
    pictures = {
        "frame": frame,
        "photo": photo,
        "array": frame.image,
        "deep": Image.new("I;16", (8, 8)),
        "cut": Image.open(BytesIO(photo.read_bytes()[:2000])),
        "nul": "a\0/b.png",
    }
    with pytest.raises(UserError, match=part):
        pipeline(pictures[picture], **known)
    if not known:
        assert [sample.drops[0].reason.split(":")[0] for sample in pipeline.each([pictures[picture], frame.image])] == [
            "image_unusable",
            "no_depth",
        ]


def test_a_path_without_a_picture_is_a_drop(tmp_path, pipeline):
    for path, code in ((tmp_path, "image_unreadable"), (tmp_path / "none.png", "image_missing")):
        sample = pipeline(path)
        assert sample.frame is None
        assert [(drop.stage, drop.reason.split(":")[0]) for drop in sample.drops] == [("collect", code)]


def test_one_picture_file_is_one_sample(photo, pipeline):
    for path in (photo, str(photo)):
        (sample,) = pipeline.each(path)
        assert [drop.id for drop in sample.drops] == ["desk"]


@pytest.mark.parametrize(
    ("pictures", "part"),
    [
        (np.zeros((4, 5, 3), np.uint8), "call the pipeline itself"),
        (np.zeros((4, 5), np.uint8), "call the pipeline itself"),
        (Image.new("RGB", (5, 4)), "call the pipeline itself"),
        (Frame.of(np.zeros((4, 5, 3), np.uint8)), "call the pipeline itself"),
        (5, "got 5, expected a source or an iterable"),
        (b"\x89PNG", "expected a source or an iterable"),
        ("nowhere/", "no such folder"),
    ],
)
def test_what_is_not_many_pictures_is_said(pipeline, pictures, part):
    with pytest.raises(UserError, match=part):
        inspect.unwrap(sv.Pipeline.each)(pipeline, pictures)


def test_a_bad_member_costs_none_of_the_others(frame, pipeline):
    ragged = [[[0, 0, 0]], [[0, 0, 0], [0, 0, 0]]]
    samples = list(pipeline.each([ragged, frame, np.zeros((4, 5)), None, object(), b"x", frame]))
    unusable = [sample.index for sample in samples if sample.frame is None]
    assert unusable == [0, 2, 3, 4, 5]
    for index in unusable:
        assert [(drop.id, drop.reason.split(":")[0]) for drop in samples[index].drops] == [
            (f"image-{index:06d}", "image_unusable")
        ]
    assert texts(samples[1]) == texts(samples[6])
    assert len(list(pipeline.each(np.zeros((2, 4, 5, 3), np.uint8)))) == 2


def test_settings_change_a_recipe_too(tmp_path, frame, pipeline):
    own = sv.Pipeline(sv.recipe_for("shapes:2"), seed=3)
    assert own.recipe.seed == 3
    assert texts(own(frame)) == texts(pipeline(frame))
    info = sv.build(sv.recipe_for("shapes:2"), tmp_path / "out", limit=1)
    assert info["frames"] == 1


@pytest.mark.parametrize(
    ("call", "part"),
    [
        (lambda recipe, out: sv.Pipeline(recipe, sead=3), "setting 'sead': unknown; a recipe has source, seed"),
        (lambda recipe, out: sv.Pipeline("given", name="photos"), "setting 'name': unknown"),
        (lambda recipe, out: sv.Pipeline(recipe, seed=-1), "seed -1"),
        (lambda recipe, out: sv.Pipeline("best"), "recipe 'best': unknown"),
        (lambda recipe, out: sv.build(recipe, out, sead=3), "setting 'sead': unknown"),
        (lambda recipe, out: sv.build("shapes:2", out, name="given"), "setting 'name': unknown"),
        (lambda recipe, out: sv.build(recipe, out, recipe="laptop"), "recipe 'laptop': the source is a Recipe already"),
    ],
)
def test_settings_that_are_none_are_said(tmp_path, call, part):
    with pytest.raises(UserError, match=part):
        call(sv.recipe_for("shapes:2"), tmp_path / "out")
    assert not (tmp_path / "out").exists()


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
