"""From Python: what holds a picture in, a Sample with every drop out; nothing else changes."""

import inspect
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

import spatialvlm as sv
from fixtures.folders.exif_blocks import exif_block
from fixtures.folders.tiny import tiny_frames, write_rgbd
from spatialvlm.dataset import read_dataset
from spatialvlm.errors import UserError
from spatialvlm.records import Frame, Sample


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
