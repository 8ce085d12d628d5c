"""RGB-D folders: what is good is read exactly, and what is optional may be absent."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from fixtures.folders.rgbd_folder import (
    DEPTH_MM,
    IMAGE_RGB,
    MASK,
    METRES,
    Folder,
    assert_good,
    counts,
    instance,
    key,
    mask,
    npy,
    rle,
    write_png,
)
from spatialvlm.errors import UserError
from spatialvlm.pipeline.collect import open_source
from spatialvlm.pipeline.collect.mask_files import decompress_counts
from spatialvlm.pipeline.collect.rgbd import RgbdFolder


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_a_good_folder_is_read_exactly(folder: Folder):
    source = folder.open()
    assert_good(source.read(0), "k7")
    assert_good(source.read(1), "other")
    with pytest.raises(IndexError):
        source.read(2)
    with pytest.raises(IndexError):
        source.read(-1)


def test_everything_but_id_and_image_is_optional(folder: Folder):
    folder.lines[0] = {"id": 7, "image": "rgb/x.png"}
    folder.lines[1] = dict.fromkeys(folder.lines[1]) | {"id": "nulls", "image": "./rgb/../rgb/x.png"}
    source = folder.open()
    for index, frame_id in enumerate(("7", "nulls")):
        collected = source.read(index)
        frame = collected.frame
        assert collected.drops == ()
        assert frame is not None
        assert frame.id == frame_id
        assert (frame.camera, frame.depth_m, frame.gravity_in_camera, frame.instances) == (None, None, None, None)
        assert frame.source.licence is None


def test_a_camera_takes_its_size_from_the_image(folder: Folder):
    del folder.lines[0]["camera"]["width"], folder.lines[0]["camera"]["height"]
    assert_good(folder.open().read(0), "k7")


def test_the_misspelt_key_is_named(folder: Folder):
    key("depht", None)(folder)
    (drop,) = folder.open().read(0).drops
    assert "did you mean 'depth'?" in drop.reason


def test_lines_are_counted_as_an_editor_counts_them(folder: Folder):
    folder.lines = [b"", folder.lines[0], b"  \r", b"", b"{broken", folder.lines[1], b""]
    source = folder.open()
    assert len(source) == 3
    assert_good(source.read(0), "k7")
    (drop,) = source.read(1).drops
    assert drop.id == "line 5"
    assert_good(source.read(2), "other")


def test_a_repeated_frame_id_drops_the_later_frame(folder: Folder):
    folder.lines = [{"id": 7}, folder.lines[1], dict(folder.lines[0], id="7"), b"{", b"{", folder.lines[0]]
    source = folder.open()
    reasons = [[drop.reason.split(":")[0] for drop in source.read(index).drops] for index in range(6)]
    assert reasons == [["missing_key"], [], ["id_duplicate"], ["line_not_json"], ["line_not_json"], []]


def test_fingerprint_follows_the_lines(folder: Folder):
    first = folder.open().fingerprint
    assert folder.open().fingerprint == first
    folder.lines[0]["licence"] = "MIT"
    assert folder.open().fingerprint != first


@pytest.mark.parametrize("content", ["", "\n \n"])
def test_an_empty_list_of_frames_is_refused(tmp_path: Path, content: str):
    (tmp_path / "frames.jsonl").write_text(content)
    with pytest.raises(UserError, match=r"frames\.jsonl: is empty; write one line per frame"):
        open_source(str(tmp_path))


def test_a_folder_without_frames_jsonl_is_refused(tmp_path: Path):
    with pytest.raises(UserError, match="no such file"):
        RgbdFolder(tmp_path)


@pytest.mark.parametrize("scale", [0.001, 0.0002, 1 / 256])
def test_depth_scale(folder: Folder, scale: float):
    key("depth_scale", scale)(folder)
    frame = folder.open().read(0).frame
    assert frame is not None
    assert frame.depth_m is not None
    assert np.allclose(np.nan_to_num(frame.depth_m), DEPTH_MM * scale, rtol=1e-6)


@pytest.mark.parametrize("dtype", ["<f2", "<f4", ">f4", "<f8"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_depth_as_npy_is_metres_whatever_its_layout(folder: Folder, dtype: str, order: Any):
    metres = np.array(METRES, dtype, order=order)
    metres[0, :4] = np.nan, -np.inf, -0.5, np.inf
    npy(metres)(folder)
    frame = folder.open().read(0).frame
    assert frame is not None
    assert frame.depth_m is not None
    assert frame.depth_m.flags.c_contiguous
    known = DEPTH_MM > 0
    known[0, :4] = False
    assert np.array_equal(np.isfinite(frame.depth_m), known)
    assert np.allclose(frame.depth_m[known], METRES[known], rtol=1e-3 if dtype == "<f2" else 1e-7)


def test_depth_too_large_for_float32_is_unknown(folder: Folder):
    metres = METRES.astype(np.float64)
    metres[5, 5] = 1e300
    npy(metres)(folder)
    frame = folder.open().read(0).frame
    assert frame is not None
    assert frame.depth_m is not None
    assert np.isnan(frame.depth_m[5, 5])


GREY = IMAGE_RGB[:, :, 0]
PICTURES = {
    "grey": (GREY, np.dstack([GREY] * 3)),
    "16 bit grey": (GREY.astype(np.uint16) * 256 + 7, np.dstack([GREY] * 3)),
    "16 bit colour": (IMAGE_RGB[:, :, ::-1].astype(np.uint16) * 256 + 255, IMAGE_RGB),
    "alpha is left out": (np.dstack([IMAGE_RGB[:, :, ::-1], GREY]), IMAGE_RGB),
}


@pytest.mark.parametrize(("stored", "expected"), PICTURES.values(), ids=PICTURES.keys())
def test_any_picture_becomes_rgb(folder: Folder, stored: np.ndarray, expected: np.ndarray):
    key("image", write_png(folder.root / "rgb/k7.png", stored))(folder)
    frame = folder.open().read(0).frame
    assert frame is not None
    assert frame.image.flags.c_contiguous
    assert np.array_equal(frame.image, expected)


MASKS = {
    "1 is inside": MASK,
    "255 is inside": MASK * 255,
    "16 bit": MASK.astype(np.uint16),
    "a faint colour": np.dstack([MASK, MASK * 0, MASK * 0]),
    "a colour with alpha": np.dstack([MASK * 0, MASK * 9, MASK * 0, MASK * 0 + 255]),
}


@pytest.mark.parametrize("picture", MASKS.values(), ids=MASKS.keys())
def test_what_is_not_zero_is_inside_a_mask(folder: Folder, picture: np.ndarray):
    mask(picture)(folder)
    assert_good(folder.open().read(0), "k7")


def test_a_mask_of_one_bit(folder: Folder):
    folder.instances[0]["mask"] = write_png(folder.root / "masks/k7.png", MASK, cv2.IMWRITE_PNG_BILEVEL, 1)
    assert_good(folder.open().read(0), "k7")


def test_rle_counts_may_be_a_list(folder: Folder):
    runs = decompress_counts(rle(MASK)["counts"])
    assert runs is not None
    counts(runs.tolist())(folder)
    assert_good(folder.open().read(0), "k7")


@pytest.mark.parametrize("seed", range(20))
def test_compressed_counts_are_read_as_pycocotools_writes_them(seed: int):
    rng = np.random.default_rng(seed)
    shape = (int(rng.integers(1, 300)), int(rng.integers(1, 300)))
    # few long runs and many short ones
    mask = cv2.resize(rng.random((1 + seed % 7, 2 + seed % 5)), shape[::-1], interpolation=cv2.INTER_NEAREST) < 0.5
    mask |= rng.random(shape) < 0.02 * (seed % 3)
    runs = decompress_counts(rle(mask.astype(np.uint8))["counts"])
    assert runs is not None
    decoded = np.repeat(np.arange(len(runs)) % 2 == 1, runs).reshape(shape[::-1]).T
    assert np.array_equal(decoded, mask)


LONG = "a very " * 71 + "old"
CAPTIONS = {
    "long": ([LONG], (LONG,)),
    "quotes, braces, emoji": (['the "{A}" [B] {0} mug 🧑‍🚀 é'], ('"{A}" [B] {0} mug é',)),
    "newlines and controls": (["red\r\n\tmug\x00\x1b \u2028x "], ("red mug x",)),
    "half a surrogate": (["red \ud83d mug"], ("red ? mug",)),
    "empty ones are skipped": (["", " \n", "mug"], ("mug",)),
    "none is usable": (["", " "], ()),
    "as a data set writes it": (["mug_(cup)", "mug.001", "otherfurniture"], ("mug",)),
    "of a thing that nobody named": (["N/A"], ()),
    "no list": (None, ()),
    "one text": ("red mug", ("red mug",)),
    "empty list": ([], ()),
}


@pytest.mark.parametrize(("given", "expected"), CAPTIONS.values(), ids=CAPTIONS.keys())
def test_captions(folder: Folder, given: object, expected: tuple[str, ...]):
    instance(captions=given)(folder)
    collected = folder.open().read(0)
    assert collected.drops == ()
    assert collected.frame is not None
    assert collected.frame.instances is not None
    assert collected.frame.instances[0].captions == expected


def test_no_instances_is_not_the_same_as_not_annotated(folder: Folder):
    folder.instances = []
    frame = folder.open().read(0).frame
    assert frame is not None
    assert frame.instances == ()


@pytest.mark.parametrize(("name", "frames", "instances"), [("rgbd-tabletop", 5, 14), ("rgbd-single-objects", 5, 5)])
def test_real_frames(assets: Path, name: str, frames: int, instances: int):
    source = open_source(str(assets / name))
    collected = [source.read(index) for index in range(len(source))]
    assert len(collected) == frames
    assert [one.drops for one in collected] == [()] * frames
    found = 0
    for one in collected:
        assert one.frame is not None
        assert one.frame.image.shape == (480, 640, 3)
        assert one.frame.depth_m is not None
        assert 0.3 < np.nanmedian(one.frame.depth_m) < 3
        found += len(one.frame.instances or ())
    assert found == instances
