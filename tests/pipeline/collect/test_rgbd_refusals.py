"""RGB-D folders: each bad input is one Drop with a countable reason, and the other frame is unharmed."""

import math
from pathlib import Path

import numpy as np
import pytest

from fixtures.folders.rgbd_folder import (
    DEPTH_MM,
    HEIGHT,
    MASK,
    METRES,
    WIDTH,
    Break,
    Folder,
    assert_good,
    bad_png,
    camera,
    counts,
    depth_png,
    file_and_key,
    instance,
    key,
    line,
    mask,
    npy,
    npy_bytes,
    rle,
    truncate,
)

NESTED = b"[" * 100_000


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


BAD_FRAMES: dict[str, tuple[str, str, Break]] = {
    # what is wrong: code of the Drop, id of the Drop, how to break the first frame
    "broken json": ("line_not_json", "line 1", line(b'{"id": "k7", "image')),
    "not utf-8": ("line_not_json", "line 1", line(b'{"id": "k7\xff"}')),
    "absurd nesting": ("line_not_json", "line 1", line(NESTED)),
    "a list": ("line_not_object", "line 1", line([1, 2])),
    "a number": ("line_not_object", "line 1", line(3)),
    "id missing": ("missing_key", "line 1", key("id", None)),
    "id a list": ("wrong_type", "line 1", key("id", ["k7"])),
    "id a boolean": ("wrong_type", "line 1", key("id", True)),
    "id blank": ("id_invalid", "line 1", key("id", "  ")),
    "id too long": ("id_invalid", "line 1", key("id", "k" * 201)),
    "id half a surrogate": ("id_invalid", "line 1", key("id", "k\ud800")),
    "misspelt key": ("unknown_key", "k7", key("depht", "depth/x.png")),
    "image missing from the line": ("missing_key", "k7", key("image", None)),
    "image a number": ("wrong_type", "k7", key("image", 5)),
    "image missing on disk": ("image_missing", "k7", key("image", "rgb/none.png")),
    "image below a file": ("image_missing", "k7", key("image", "rgb/x.png/y.png")),
    "image a folder": ("image_unreadable", "k7", key("image", "rgb")),
    "image name with a NUL": ("image_unreadable", "k7", key("image", "rgb/\0.png")),
    "image truncated": ("image_unreadable", "k7", file_and_key("image", bad_png("rgb/k7.png"))),
    "image empty": (
        "image_unreadable",
        "k7",
        lambda f: ((f.root / "rgb/k7.png").touch(), f.lines[0].update(image="rgb/k7.png")),
    ),
    "image outside": ("path_outside", "k7", key("image", "../x.png")),
    "image outside by a detour": ("path_outside", "k7", key("image", "rgb/../../x.png")),
    "image absolute": ("path_outside", "k7", key("image", "/etc/x.png")),
    "licence a number": ("wrong_type", "k7", key("licence", 4)),
    "depth missing": ("depth_missing", "k7", key("depth", "depth/none.png")),
    "depth .npy missing": ("depth_missing", "k7", key("depth", "depth/none.npy")),
    "depth outside": ("path_outside", "k7", key("depth", "../x.npy")),
    "depth truncated": ("depth_unreadable", "k7", file_and_key("depth", bad_png("depth/k7.png"))),
    "depth 8 bit": ("depth_not_16_bit", "k7", depth_png((DEPTH_MM // 16).astype(np.uint8))),
    "depth in colours": ("depth_not_16_bit", "k7", depth_png(np.dstack([DEPTH_MM] * 3))),
    "depth of another size": ("depth_size", "k7", depth_png(DEPTH_MM[:-1])),
    "depth all zero": ("depth_empty", "k7", depth_png(DEPTH_MM * 0)),
    "depth .npy all NaN": ("depth_empty", "k7", npy(METRES * np.nan)),
    "depth .npy all negative": ("depth_empty", "k7", npy(-METRES)),
    "depth .npy of another size": ("depth_size", "k7", npy(METRES[None])),
    "depth .npy of integers": ("depth_not_float", "k7", npy(DEPTH_MM)),
    "depth .npy truncated": (
        "depth_unreadable",
        "k7",
        lambda f: (npy(METRES)(f), truncate(f.root / "depth/k7.npy", 300)),
    ),
    "depth .npy truncated in the header": (
        "depth_unreadable",
        "k7",
        lambda f: (npy(METRES)(f), truncate(f.root / "depth/k7.npy", 60)),
    ),
    "depth .npy that is text": ("depth_unreadable", "k7", npy_bytes(b"0.5 0.6 0.7\n" * 20)),
    "depth .npy with a header of brackets": (
        "depth_unreadable",
        "k7",
        npy_bytes(b"\x93NUMPY\x01\x00\x76\x00" + b"{'descr': (((".ljust(117) + b"\n"),
    ),
    "depth_scale zero": ("depth_scale_invalid", "k7", key("depth_scale", 0)),
    "depth_scale NaN": ("depth_scale_invalid", "k7", key("depth_scale", math.nan)),
    "depth_scale units per metre": ("depth_scale_invalid", "k7", key("depth_scale", 5000)),
    "depth_scale text": ("wrong_type", "k7", key("depth_scale", "mm")),
    "camera of three numbers": ("wrong_type", "k7", key("camera", [30, 30, 16])),
    "camera without fx": ("missing_key", "k7", camera(fx=None)),
    "camera fx zero": ("camera_invalid", "k7", camera(fx=0)),
    "camera fy negative": ("camera_invalid", "k7", camera(fy=-31)),
    "camera fx NaN": ("camera_invalid", "k7", camera(fx=math.nan)),
    "camera cx infinite": ("camera_invalid", "k7", camera(cx=math.inf)),
    "camera fx too large for a float": ("camera_invalid", "k7", camera(fx=10**400)),
    "camera fx text": ("wrong_type", "k7", camera(fx="30")),
    "camera of another width": ("camera_size", "k7", camera(width=2 * WIDTH)),
    "camera of another height": ("camera_size", "k7", camera(height=HEIGHT - 1)),
    "camera with distortion": ("unknown_key", "k7", camera(k1=0.1)),
    "gravity zero": ("gravity_invalid", "k7", key("gravity_in_camera", [0, 0, 0])),
    "gravity NaN": ("gravity_invalid", "k7", key("gravity_in_camera", [0, math.nan, 0])),
    "gravity of two numbers": ("wrong_type", "k7", key("gravity_in_camera", [0, 1])),
    "gravity true": ("wrong_type", "k7", key("gravity_in_camera", [True, True, True])),
    "instances missing": ("instances_missing", "k7", key("instances", "instances/none.json")),
    "instances inline": ("wrong_type", "k7", key("instances", [])),
    "instances broken": ("instances_not_json", "k7", lambda f: setattr(f, "instances", b'[{"id": "1"')),
    "instances absurdly nested": ("instances_not_json", "k7", lambda f: setattr(f, "instances", NESTED)),
    "instances an object": ("wrong_type", "k7", lambda f: setattr(f, "instances", {"id": "1"})),
}


@pytest.mark.parametrize(("code", "drop_id", "break_it"), BAD_FRAMES.values(), ids=BAD_FRAMES.keys())
def test_a_bad_frame_is_one_drop(folder: Folder, code: str, drop_id: str, break_it: Break):
    break_it(folder)
    source = folder.open()
    assert len(source) == 2
    broken = source.read(0)
    assert broken.frame is None
    (drop,) = broken.drops
    assert (drop.stage, drop.id) == ("collect", drop_id)
    assert drop.reason.startswith(f"{code}: "), drop.reason
    assert "frame 'k7'" in drop.reason or (drop_id == "line 1" and "line 1" in drop.reason)
    assert drop.reason.isprintable()
    assert len(drop.reason) < 400
    assert_good(source.read(1), "other")


BAD_INSTANCES: dict[str, tuple[str, str, Break]] = {
    "not an object": ("wrong_type", "#1", lambda f: f.instances.__setitem__(0, "mug")),
    "id missing": ("missing_key", "#1", instance(id=None)),
    "id empty": ("id_invalid", "#1", instance(id="")),
    "id twice": ("id_duplicate", "2", lambda f: f.instances.insert(2, dict(f.instances[0], id="2"))),
    "misspelt key": ("unknown_key", "1", instance(captoins=["mug"])),
    "captions of numbers": ("wrong_type", "1", instance(captions=["red mug", 3])),
    "score above one": ("score_range", "1", instance(score=1.5)),
    "score negative": ("score_range", "1", instance(score=-0.1)),
    "score NaN": ("score_range", "1", instance(score=math.nan)),
    "score text": ("wrong_type", "1", instance(score="high")),
    "a box and no mask": ("no_mask", "1", instance(mask=None, box_xyxy=[6, 4, 20, 10])),
    "mask missing": ("mask_missing", "1", instance(mask="masks/none.png")),
    "mask outside": ("path_outside", "1", instance(mask="../x.png")),
    "mask a number": ("wrong_type", "1", instance(mask=7)),
    "mask empty": ("mask_empty", "1", mask(MASK * 0)),
    "mask with nothing but alpha": ("mask_empty", "1", mask(np.dstack([MASK * 0] * 3 + [MASK * 0 + 255]))),
    "mask of another size": ("mask_size", "1", mask(MASK[:, 1:])),
    "mask truncated": ("mask_unreadable", "1", lambda f: (mask(DEPTH_MM)(f), truncate(f.root / "masks/k7.png"))),
    "box inside out": ("box_invalid", "1", instance(box_xyxy=[6, 4, 5, 10])),
    "box NaN": ("box_invalid", "1", instance(box_xyxy=[6, 4, math.nan, 10])),
    "box of three numbers": ("wrong_type", "1", instance(box_xyxy=[6, 4, 20])),
    "box beside the mask": ("box_mismatch", "1", instance(box_xyxy=[20, 4, 30, 10])),
    "rle a number": ("wrong_type", "1", instance(mask=None, rle=5)),
    "rle a string of another size": ("rle_invalid", "1", instance(mask=None, rle="abc")),
    "rle without counts": ("missing_key", "1", instance(mask=None, rle={"size": [HEIGHT, WIDTH]})),
    "rle of another size": ("mask_size", "1", counts("abc", (WIDTH, HEIGHT))),
    "rle too short": ("rle_invalid", "1", counts([100, 20])),
    "rle negative": ("rle_invalid", "1", counts([HEIGHT * WIDTH + 5, -5])),
    "rle of fractions": ("rle_invalid", "1", counts([0.5, HEIGHT * WIDTH - 0.5])),
    "rle of huge numbers": ("rle_invalid", "1", counts([10**30])),
    "rle an object": ("rle_invalid", "1", counts({})),
    "rle empty": ("rle_invalid", "1", counts("")),
    "rle cut": ("rle_invalid", "1", counts(rle(MASK)["counts"][:-1])),
    "rle that never ends": ("rle_invalid", "1", counts("o" * 50)),
    "rle of one long number": ("rle_invalid", "1", counts("o" * 50 + "0")),
    "rle of foreign characters": ("rle_invalid", "1", counts("été")),
    "rle all outside": ("mask_empty", "1", counts([HEIGHT * WIDTH])),
}


@pytest.mark.parametrize(("code", "drop_id", "break_it"), BAD_INSTANCES.values(), ids=BAD_INSTANCES.keys())
def test_a_bad_instance_is_one_drop_and_the_frame_goes_on(folder: Folder, code: str, drop_id: str, break_it: Break):
    break_it(folder)
    source = folder.open()
    broken = source.read(0)
    assert broken.frame is not None
    assert broken.frame.instances is not None
    (drop,) = broken.drops
    assert (drop.stage, drop.id) == ("collect", f"k7/{drop_id}")
    assert drop.reason.startswith(f"{code}: "), drop.reason
    assert "frame 'k7'" in drop.reason
    assert [one.id for one in broken.frame.instances] == (["1", "2"] if code == "id_duplicate" else ["2"])
    assert np.array_equal(broken.frame.instances[-1].mask, MASK != 0)
    assert_good(source.read(1), "other")
