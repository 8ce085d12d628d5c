"""Folders of pictures: which files count, what they are called, and what becomes of one that cannot be read."""

import os
import shutil
import struct
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, features

from spatialvlm.errors import UserError
from spatialvlm.pipeline.collect import open_source
from spatialvlm.pipeline.collect.images import ENDINGS, ImageFolder

IMAGE = np.full((12, 20, 3), 200, np.uint8)
IMAGE[:, :10] = 20  # dark on the left


def encoded(ending: str = ".png", image: np.ndarray = IMAGE) -> bytes:
    kinds = {"JPEG": ".jpe .jfif .mpo", "JPEG2000": ".jp2 .j2k .j2c .jpf .jpx", "PPM": ".pgm .pnm .pbm"}
    kinds |= {"GIF": ".gif", "AVIF": ".avif", "BMP": ".dib"}
    kind = next((kind for kind, endings in kinds.items() if ending in endings.split()), None)
    if kind is not None:
        data = BytesIO()
        Image.fromarray(image).save(data, kind)
        return data.getvalue()
    return cv2.imencode(ending, image)[1].tobytes()


def make(folder: Path, *paths: str) -> Path:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(encoded(Path(path).suffix.lower()))
    return folder


def ids(folder: Path) -> list[str]:
    source = ImageFolder(folder)
    frames = [source.read(index).frame for index in range(len(source))]
    return [frame.id for frame in frames if frame is not None]


@pytest.mark.parametrize("ending", [*sorted({*ENDINGS} - {".heic", ".heif"}), ".JPG", ".Png"])
def test_every_ending(tmp_path: Path, ending: str):
    if ending == ".avif" and not features.check("avif"):
        pytest.skip("this Pillow has no AVIF")
    source = open_source(str(make(tmp_path, f"rooms/one{ending}")))
    assert isinstance(source, ImageFolder)
    collected = source.read(0)
    frame = collected.frame
    assert collected.drops == ()
    assert frame is not None
    assert frame.id == "rooms/one"
    assert np.abs(frame.image.astype(int) - IMAGE).max() < 40
    assert (frame.camera, frame.depth_m, frame.gravity_in_camera, frame.instances) == (None, None, None, None)
    assert frame.source.image_path == f"rooms/one{ending}"
    assert frame.source.image_bytes == (tmp_path / f"rooms/one{ending}").read_bytes()
    with pytest.raises(IndexError):
        source.read(1)


def test_order_and_what_is_left_out(tmp_path: Path):
    make(tmp_path, "b.png", "a/z.png", "a/b/c.png", "a-b.png", "B.png", ".hidden/x.png", "a/._b.png")
    (tmp_path / "notes.txt").write_text("none")
    (tmp_path / "folder.png").mkdir()
    assert ids(tmp_path) == ["B", "a-b", "a/b/c", "a/z", "b"]


def test_what_is_no_picture_is_counted_in_one_line(tmp_path: Path):
    make(tmp_path, "a.png", "b.png")
    (tmp_path / "without").write_bytes(encoded(".jpg"))
    for name in ("x.dng", "y.DNG", "z.jxl", "README", "a/notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("no picture")
    os.mkfifo(tmp_path / "pipe.png")
    source = ImageFolder(tmp_path)
    samples = [source.read(index) for index in range(len(source))]
    assert [one.frame.id for one in samples if one.frame] == ["a", "b", "without"]
    assert [doubt.reason for one in samples for doubt in one.doubts] == [
        "left_out: left out: 6 files that are no pictures here: 2 .dng, 1 .jxl, 1 .txt, 1 FIFO or device, "
        "1 without an ending"
    ]


def test_a_depth_map_is_never_taken_for_a_photo(tmp_path: Path):
    make(tmp_path, "a.png")
    cv2.imwrite(str(tmp_path / "b.png"), np.full((12, 20), 1500, np.uint16))
    (drop,) = ImageFolder(tmp_path).read(1).drops
    assert drop.reason.startswith("depth_map: b.png of frame 'b': 16 bits of grey")


def test_a_link_that_leaves_the_folder_is_a_drop(tmp_path: Path):
    folder = make(tmp_path / "photos", "a.png", "z.png")
    (tmp_path / "secret.png").write_bytes(encoded())
    (folder / "b.png").symlink_to(tmp_path / "secret.png")
    (folder / "c.png").symlink_to(folder / "a.png")
    (tmp_path / "linked").symlink_to(folder)
    cached = tmp_path / "datasets--me--mine/snapshots/f00d"
    cached.parent.mkdir(parents=True)
    shutil.copytree(folder, cached, symlinks=True)
    (cached / "c.png").unlink()
    (cached / "c.png").symlink_to(cached / "a.png")
    (tmp_path / "datasets--me--mine/blobs").symlink_to(tmp_path)
    for source in (ImageFolder(folder), ImageFolder(tmp_path / "linked"), ImageFolder(cached)):
        samples = [source.read(index) for index in range(len(source))]
        assert [one.frame.id for one in samples if one.frame] == ["a", "c", "z"]
        assert [drop.reason.split(":")[0] for one in samples for drop in one.drops] == ["path_outside"]


def test_names_that_differ_only_in_the_ending_keep_it(tmp_path: Path):
    make(tmp_path, "a.jpg", "a.png", "a.jpg.png", "b.c.png", "d/a.png")
    found = ids(tmp_path)
    assert found == ["a.jpg", "a.jpg.png", "a.png", "b.c", "d/a"]


def test_the_stem_of_one_may_be_the_path_of_another(tmp_path: Path):
    make(tmp_path, "a.jpg", "a.jpg.png")
    found = ids(tmp_path)
    assert found == ["a", "a.jpg.png"]


def test_bad_files_are_drops_and_the_others_go_on(tmp_path: Path):
    make(tmp_path, "good.png", "truncated.png")
    (tmp_path / "truncated.png").write_bytes(encoded()[:60])
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "gone.png").symlink_to(tmp_path / "nowhere.png")
    (tmp_path / "text.png").write_text("<html>404</html>")
    (tmp_path / ("n" * 210 + ".png")).write_bytes(encoded())
    source = ImageFolder(tmp_path)
    collected = [source.read(index) for index in range(len(source))]
    assert [one.frame.id for one in collected if one.frame is not None] == ["good"]
    codes = {drop.id[:9]: drop.reason.split(":")[0] for one in collected for drop in one.drops}
    assert codes == {
        "empty": "image_unreadable",
        "gone": "image_missing",
        "nnnnnnnnn": "id_invalid",
        "text": "image_unreadable",
        "truncated": "image_unreadable",
    }


def test_a_name_that_is_no_utf8_is_a_drop(tmp_path: Path):
    make(tmp_path, "good.png")
    try:
        (tmp_path / os.fsdecode(b"caf\xe9.png")).write_bytes(encoded())
    except OSError:
        pytest.skip("this file system knows only UTF-8 names")
    source = ImageFolder(tmp_path)
    (drop,) = source.read(0).drops
    assert drop.id == "caf?"
    assert drop.reason.startswith("name_not_unicode: ")
    assert drop.reason.isprintable()
    assert source.read(1).frame is not None


def test_a_folder_without_images_is_refused(tmp_path: Path):
    (tmp_path / "notes.txt").write_text("none")
    with pytest.raises(
        UserError,
        match=r"found no image \(left out: 1 file .*: 1 \.txt\); give .* expected files that end in \.jpg \.jpeg",
    ):
        open_source(str(tmp_path))


def test_exif_orientation_is_applied_to_photos_and_not_to_rgbd(tmp_path: Path):
    tiff = b"II*\0" + struct.pack("<IHHHIHHI", 8, 1, 0x0112, 3, 1, 6, 0, 0)  # orientation 6: turn by 90 degrees
    exif = b"\xff\xe1" + struct.pack(">H", len(tiff) + 8) + b"Exif\0\0" + tiff
    jpeg = encoded(".jpg")
    (tmp_path / "x.jpg").write_bytes(jpeg[:2] + exif + jpeg[2:])
    photo = open_source(str(tmp_path)).read(0).frame
    assert photo is not None
    assert photo.image.shape == (20, 12, 3)
    assert photo.image[0].mean() < 60, "what was left is at the top"
    assert Image.open(BytesIO(photo.source.image_bytes)).size == (12, 20)
    (tmp_path / "frames.jsonl").write_text('{"id": "x", "image": "x.jpg"}')
    stored = open_source(str(tmp_path)).read(0).frame
    assert stored is not None
    assert stored.image.shape == (12, 20, 3)
    for data in (photo.source.image_bytes, stored.source.image_bytes):
        assert Image.open(BytesIO(data)).getexif().get(0x0112, 1) == 1


def test_fingerprint_follows_names_and_sizes(tmp_path: Path):
    first = ImageFolder(make(tmp_path, "a.png")).fingerprint
    os.utime(tmp_path / "a.png", (1, 1))
    assert ImageFolder(tmp_path).fingerprint == first
    second = ImageFolder(make(tmp_path, "b.png")).fingerprint
    assert second != first
    (tmp_path / "b.png").write_bytes(encoded() + b"\0")
    assert ImageFolder(tmp_path).fingerprint not in (first, second)


def test_real_photos(assets: Path):
    source = open_source(str(assets / "photos"))
    assert len(source) > 0
    for index in range(len(source)):
        assert source.read(index).frame is not None
