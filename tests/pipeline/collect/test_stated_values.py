"""What is stated is held against the picture: wrong is a Drop with its cause, doubtful is said, all else is read."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from fixtures.folders.rgbd_folder import (
    DEPTH_MM,
    HEIGHT,
    IMAGE_RGB,
    MASK,
    METRES,
    WIDTH,
    Break,
    Folder,
    assert_good,
    camera,
    depth_png,
    instance,
    key,
    npy,
    write_png,
)
from spatialvlm.pipeline.collect import open_source

HUGE = 9000  # pixels a side, of which few bytes claim 81 million


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def both(*breaks: Break) -> Break:
    return lambda f: [one(f) for one in breaks]


def written(name: str, data: bytes, field: str = "depth") -> Break:
    def write(f: Folder) -> None:
        (f.root / name).parent.mkdir(exist_ok=True)
        (f.root / name).write_bytes(data)
        f.lines[0][field] = name

    return write


def link(name: str, target: str, field: str) -> Break:
    def make(f: Folder) -> None:
        (f.root.parent / "outside").mkdir(exist_ok=True)
        (f.root.parent / "outside/x.png").write_bytes((f.root / "rgb/x.png").read_bytes())
        (f.root / name).symlink_to(target)
        f.lines[0][field] = f"{name}/x.png" if "." not in name else name

    return make


def fifo(field: str) -> Break:
    return lambda f: (os.mkfifo(f.root / "pipe.npy"), f.lines[0].update({field: "pipe.npy"}))


def npy_header(shape: tuple[int, ...], descr: str = "<f4") -> bytes:
    text = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


BAD: dict[str, tuple[str, str, Break]] = {
    # what is wrong: code of the Drop, what its sentence must tell, how to break the first frame
    "floats in millimetres": ("depth_unit", "millimetres? give depth_scale 0.001", npy(METRES * 1000)),
    "a unit of BOP": (
        "depth_unit",
        "give depth_scale 0.0001 (0.1 makes them millimetres",
        both(key("depth_scale", 0.1), depth_png(DEPTH_MM * 10)),
    ),
    "micrometres": ("depth_unit", "micrometres? give depth_scale 1e-06", npy(METRES * 1e6)),
    "scaled twice": (
        "depth_unit",
        "metres already? leave depth_scale out",
        both(key("depth_scale", 0.001), npy(METRES)),
    ),
    "inverse or relative": ("depth_unit", "inverse or relative depth", npy(METRES / 1000)),
    "camera of six times the picture": (
        "camera_off_picture",
        f"of a picture of about {6 * WIDTH}x{6 * HEIGHT}?",
        camera(fx=180, fy=186, cx=96, cy=72),
    ),
    "camera of twice the picture": ("camera_off_picture", "about 0.5", camera(fx=60, fy=62, cx=32, cy=24)),
    "camera in shares of the picture": ("camera_off_picture", "in shares", camera(fx=0.9, fy=1.2, cx=0.5, cy=0.5)),
    "principal point left of the picture": ("camera_off_picture", "lies outside", camera(cx=-3)),
    "a view as through a straw": ("camera_view", "degrees in 32x24 pixels", camera(fx=3000, fy=3000)),
    "a view of all around": ("camera_view", "expected 5 to 150", camera(fx=1.5, fy=1.5)),
    "a lens with distortion": ("unknown_key", "undistort the picture", camera(k1=0.1)),
    "a matrix that is none": ("camera_invalid", "expected the rows fx s cx", key("camera", [[1, 2, 3]] * 3)),
    "depth of another shape": ("depth_size", "the two differ in shape; resize it", depth_png(DEPTH_MM[:, :16])),
    "whole numbers without a unit": ("depth_not_float", "give depth_scale", npy(DEPTH_MM)),
    "units a metre": ("depth_scale_invalid", "of 5000 units a metre give 0.0002", key("depth_scale", 5000)),
    "an array that claims 81 million": ("depth_too_large", "51 million", written("d.npy", npy_header((HUGE, HUGE)))),
    "an array that claims more than it has": ("depth_unreadable", "", written("d.npy", npy_header((HEIGHT, WIDTH)))),
    "an array of objects": ("depth_unreadable", "objects", written("d.npy", npy_header((2, 2), "|O"))),
    "an archive that is none": ("depth_unreadable", "", written("d.npz", b"PK\x03\x04" + bytes(50))),
    "OpenEXR that breaks off": ("depth_unreadable", "", written("d.exr", b"\x76\x2f\x31\x01\x02\0\0\0channels\0ch")),
    "a FIFO for depth": ("depth_no_file", "is a FIFO", fifo("depth")),
    "a FIFO for an image": ("image_no_file", "is a FIFO", fifo("image")),
    "a device for an image": ("path_outside", "link that leaves the folder", link("zero.png", "/dev/zero", "image")),
    "a link that leaves the folder": (
        "path_outside",
        "put the file itself there",
        link("k.png", "../outside/x.png", "image"),
    ),
    "a linked folder outside": ("path_outside", "leaves the folder", link("away", "../outside", "image")),
    "two keys of one meaning": ("key_twice", "keep one of the two", key("intrinsics", [30, 31, 16, 12])),
    "a pose": ("unknown_key", "gravity_in_camera", key("pose", [])),
    "a mask at the frame": ("unknown_key", "the list that the key instances names", key("segmentation", [])),
}


@pytest.mark.parametrize(("code", "told", "break_it"), BAD.values(), ids=BAD.keys())
def test_what_is_wrong_is_a_drop_with_its_cause(tmp_path: Path, code: str, told: str, break_it: Break):
    folder = Folder(tmp_path / "in")
    break_it(folder)
    source = folder.open()
    (drop,) = source.read(0).drops
    assert drop.reason.startswith(f"{code}: "), drop.reason
    assert told in drop.reason
    assert "remove it" not in drop.reason
    assert_good(source.read(1), "other")


DOUBTFUL: dict[str, tuple[str, Break]] = {
    "far depth": ("depth_far", npy(METRES * 60)),
    "near depth": ("depth_near", npy(METRES / 30)),
    "stretched to the greatest value": ("depth_relative", npy(METRES / METRES.max())),
    "the same everywhere": ("depth_flat", npy(METRES * 0 + 1)),
    "a principal point at the side": ("camera_off_centre", camera(cx=4)),
    "a camera of half the picture": ("camera_off_centre", camera(fx=15, fy=15.5, cx=8, cy=6)),
    "pixels that are no squares": ("camera_stretched", camera(fx=45)),
    "depth of half the size": ("depth_resized", depth_png(DEPTH_MM[::2, ::2])),
    "a mask twice": ("mask_repeated", lambda f: None),
    "captions that name nothing": ("no_name", instance(captions=["otherfurniture"])),
}


@pytest.mark.parametrize(("code", "change"), DOUBTFUL.values(), ids=DOUBTFUL.keys())
def test_what_is_doubtful_is_read_and_said(folder: Folder, code: str, change: Break):
    change(folder)
    sample = folder.open().read(0)
    assert sample.frame is not None
    assert sample.drops == ()
    assert code in [doubt.reason.split(":")[0] for doubt in sample.doubts]
    assert all(doubt.id == "k7" and "frame 'k7'" in doubt.reason for doubt in sample.doubts)


def test_a_mask_of_everything_is_a_drop(folder: Folder):
    everything = {"size": [HEIGHT, WIDTH], "counts": [0, HEIGHT * WIDTH]}
    instance(mask=None, rle=everything)(folder)
    sample = folder.open().read(0)
    assert sample.frame is not None
    assert [drop.reason.split(":")[0] for drop in sample.drops] == ["mask_everything"]
    assert [one.id for one in sample.frame.instances or ()] == ["2"]


def matrix(*, flat: bool = False, by_columns: bool = False) -> list[object]:
    rows = np.array([[30.0, 0, 16], [0, 31, 12], [0, 0, 1]])
    rows = rows.T if by_columns else rows
    return rows.ravel().tolist() if flat else rows.tolist()


def renamed(old: str, new: str, value: object = None) -> Break:
    return lambda f: f.lines[0].update({new: value or f.lines[0][old], old: None})


UNDERSTOOD: dict[str, Break] = {
    "intrinsics": renamed("camera", "intrinsics"),
    "K of three rows": renamed("camera", "K", matrix()),
    "K of nine numbers": renamed("camera", "K", matrix(flat=True)),
    "K by columns": renamed("camera", "K", matrix(flat=True, by_columns=True)),
    "K of ScanNet": renamed("camera", "intrinsic_matrix", np.pad(matrix(), (0, 1)).tolist()),
    "four numbers": key("camera", [30, 31, 16, 12]),
    "K in the camera": key("camera", {"K": matrix(), "width": WIDTH, "height": HEIGHT}),
    "other names": lambda f: f.lines.__setitem__(
        0, {{"id": "frame_id", "image": "rgb"}.get(name, name): value for name, value in f.lines[0].items()}
    ),
    "label": lambda f: f.instances.__setitem__(
        0, {"id": "1", "label": ["red_mug", "mug"], "segmentation": "masks/x.png", "score": 0.5}
    ),
    "rle as text": lambda f: f.instances[1].update(rle=str({**f.instances[1]["rle"]})),
    "rle of bytes as text": lambda f: f.instances[1]["rle"].update(
        counts=str(f.instances[1]["rle"]["counts"].encode())
    ),
    "rle for a mask": lambda f: f.instances[1].update(mask=f.instances[1].pop("rle")),
    "polygons": lambda f: f.instances[1].update(rle=None, segmentation=[[6, 4, 19.9, 4, 19.9, 9.9, 6, 9.9]]),
    "an array with one channel": npy(METRES[..., None]),
    "an archive": lambda f: (np.savez(f.root / "d.npz", depth=METRES, other=METRES * 2), key("depth", "d.npz")(f)),
    "millimetres of an array": both(key("depth_scale", 0.001), npy(DEPTH_MM)),
    "floats in millimetres with their unit": both(key("depth_scale", 0.001), npy(METRES * 1000)),
    "metres with their unit": both(key("depth_scale", 1), npy(METRES)),
}


@pytest.mark.parametrize("write", UNDERSTOOD.values(), ids=UNDERSTOOD.keys())
def test_what_others_write_is_understood(folder: Folder, write: Break):
    write(folder)
    assert_good(folder.open().read(0), "k7")


@pytest.mark.parametrize("form", ["frames.json", "frames.jsonl", "an object"])
def test_a_list_of_frames_is_understood(folder: Folder, form: str):
    folder.open()
    (folder.root / "frames.jsonl").unlink()
    value = {"frames": folder.lines} if form == "an object" else folder.lines
    name = "frames.jsonl" if form == "frames.jsonl" else "frames.json"
    (folder.root / name).write_text(json.dumps(value, indent=1))
    source = open_source(str(folder.root))
    assert len(source) == 2
    assert_good(source.read(0), "k7")
    assert_good(source.read(1), "other")
    folder.lines[1] = {"image": "rgb/x.png"}
    (folder.root / name).write_text(json.dumps(folder.lines))
    (drop,) = open_source(str(folder.root)).read(1).drops
    assert drop.id == "entry 2"


def test_depth_of_another_size_takes_the_nearest(folder: Folder):
    key("depth", write_png(folder.root / "depth/k7.png", np.kron(DEPTH_MM, np.ones((2, 2), np.uint16))))(folder)
    sample = folder.open().read(0)
    assert sample.frame is not None
    assert sample.frame.depth_m is not None
    assert np.allclose(np.nan_to_num(sample.frame.depth_m), METRES)
    assert np.array_equal(sample.frame.image, IMAGE_RGB)
    assert MASK.shape == sample.frame.depth_m.shape
