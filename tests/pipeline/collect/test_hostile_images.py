"""Pictures that are damaged, enormous, in rare formats or colours: a frame or one Drop each, and nothing is printed."""

import os
import resource
import struct
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps, features

from fixtures.folders.exif_blocks import exif_block, photo
from spatialvlm.pipeline.collect.images import ImageFolder
from spatialvlm.pipeline.collect.picture_files import LARGEST_PIXELS
from spatialvlm.records import Frame

RED = (200, 30, 40)
NOISE = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)


def read(folder: Path, name: str, data: bytes) -> Frame | str:
    """The frame of one file, or the code of its drop."""
    (folder / name).write_bytes(data)
    collected = ImageFolder(folder).read(0)
    if collected.frame is None:
        (drop,) = collected.drops
        assert drop.reason.isprintable()
        assert name in drop.reason
        return drop.reason.split(":")[0]
    assert collected.drops == ()
    return collected.frame


@pytest.fixture(autouse=True)
def silence(capfd: pytest.CaptureFixture[str]):
    yield
    assert capfd.readouterr() == ("", "")


def plain(mode: str, size: tuple[int, int] = (48, 32)) -> Image.Image:
    return Image.new("RGB", size, RED).convert(mode)


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    return photo(None, kind, image, **options)


def ycck() -> bytes:
    """A red JPEG of inks as luma, chroma and black, which the Adobe marker calls 2; Pillow itself writes 0."""
    inks = Image.new("RGB", (48, 32), tuple(255 - value for value in RED)).convert("YCbCr")
    stored = [*inks.split(), Image.new("L", (48, 32), 255)]  # black is stored inverted: there is none
    inverted = [band.point(lambda value: 255 - value) for band in stored]  # for Pillow inverts when it writes
    data = saved(Image.merge("CMYK", inverted), "JPEG", quality=100)
    at = data.index(b"Adobe\0") + 11
    assert data[at] == 0
    return data[:at] + b"\2" + data[at + 1 :]


@pytest.mark.parametrize(
    ("name", "data", "colour"),
    [
        ("rgb.jpg", saved(plain("RGB"), "JPEG"), RED),
        ("cmyk.jpg", saved(plain("CMYK"), "JPEG"), RED),
        ("cmyk.tif", saved(plain("CMYK"), "TIFF"), RED),
        ("ycbcr.tif", saved(plain("YCbCr"), "TIFF"), RED),
        ("rgba.png", saved(plain("RGBA"), "PNG"), RED),
        ("clear.png", saved(Image.new("RGBA", (48, 32), (*RED, 0)), "PNG"), RED),
        ("palette.png", saved(plain("RGB").quantize(4), "PNG", transparency=0), RED),
        ("palette.png", saved(plain("RGB").quantize(4), "PNG", transparency=b"\0\x80"), RED),
        ("grey.jpg", saved(plain("L"), "JPEG"), (82, 82, 82)),
        ("grey.png", saved(plain("LA"), "PNG"), (82, 82, 82)),
        ("bits.png", saved(Image.new("1", (48, 32), 1), "PNG"), (255, 255, 255)),
        ("lzw.tif", saved(plain("RGB"), "TIFF", compression="tiff_lzw"), RED),
        ("still.gif", saved(plain("RGB"), "GIF"), RED),
        ("wrong_ending.png", saved(plain("RGB"), "JPEG"), RED),
        ("ycck.jpg", ycck(), RED),
    ],
)
def test_colours(tmp_path: Path, name: str, data: bytes, colour: tuple[int, int, int]):
    frame = read(tmp_path, name, data)
    assert isinstance(frame, Frame)
    assert frame.image.shape == (32, 48, 3)
    assert frame.image.flags.c_contiguous
    assert frame.image.flags.writeable
    assert np.abs(frame.image.astype(int) - colour).max() <= 3


@pytest.mark.parametrize("channels", [3, 4])
def test_sixteen_bits_become_eight(tmp_path: Path, channels: int):
    import cv2

    deep = np.random.default_rng(1).integers(0, 65536, (32, 48, channels)).astype(np.uint16)
    for ending in (".png", ".tif"):
        frame = read(tmp_path, f"deep{ending}", cv2.imencode(ending, deep)[1].tobytes())
        (tmp_path / f"deep{ending}").unlink()
        assert isinstance(frame, Frame)
        assert np.abs(frame.image.astype(int) - (deep[..., 2::-1] >> 8)).max() <= 1


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF"])
def test_an_animation_is_its_first_frame(tmp_path: Path, kind: str):
    other = Image.new("RGB", (48, 32), (0, 200, 255))
    options = {"lossless": True} if kind == "WEBP" else {}
    data = saved(plain("RGB"), kind, save_all=True, append_images=[other, other], **options)
    frame = read(tmp_path, f"moving.{'tif' if kind == 'TIFF' else kind.lower()}", data)
    assert isinstance(frame, Frame)
    assert (frame.image == RED).all()


ROWS_AND_COLUMNS = {
    1: ("top", "left"),
    2: ("top", "right"),
    3: ("bottom", "right"),
    4: ("bottom", "left"),
    5: ("left", "top"),
    6: ("right", "top"),
    7: ("right", "bottom"),
    8: ("left", "bottom"),
}


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("flag", range(1, 9))
def test_a_turned_photo_gives_the_frame_of_the_upright_one(tmp_path: Path, kind: str, flag: int):
    """EXIF says of which side of the scene the first stored row and the first stored column are."""
    upright = np.random.default_rng(2).integers(0, 256, (4, 6, 3), dtype=np.uint8)
    upright = np.kron(upright, np.ones((16, 16, 1), np.uint8))
    row, column = ROWS_AND_COLUMNS[flag]
    stored = upright.transpose(1, 0, 2) if flag > 4 else upright
    stored = stored[::-1] if row in ("bottom", "right") else stored
    stored = stored[:, ::-1] if column in ("bottom", "right") else stored
    options = {"JPEG": {"quality": 100, "subsampling": 0}, "WEBP": {"lossless": True}}.get(kind, {})
    height, width = stored.shape[:2]
    sizes = {"ExifImageWidth": 40 * width, "ExifImageHeight": 40 * height}
    block = exif_block(Orientation=flag, FocalLengthIn35mmFilm=26, **sizes)
    ending = {"JPEG": "jpg", "TIFF": "tif"}.get(kind, kind.lower())
    frame = read(tmp_path, f"x.{ending}", photo(block, kind, Image.fromarray(stored), **options))
    assert isinstance(frame, Frame)
    assert np.abs(frame.image.astype(int) - upright).max() <= (3 if kind == "JPEG" else 0)
    assert frame.image.flags.c_contiguous
    for reader in (
        lambda data: Image.open(BytesIO(data)),
        lambda data: ImageOps.exif_transpose(Image.open(BytesIO(data))),
    ):
        assert np.array_equal(np.array(reader(frame.source.image_bytes).convert("RGB")), frame.image), (
            "for every reader"
        )
    assert frame.camera is not None
    assert (frame.camera.width, frame.camera.height) == (96, 64)
    assert frame.camera.image_from_camera[0, 0] == pytest.approx(26 / 43.2666 * np.hypot(96, 64), rel=1e-5)
    assert frame.camera.image_from_camera[:2, 2].tolist() == [48, 32]


def heic(brand: bytes) -> bytes:
    return struct.pack(">I", 24) + b"ftyp" + brand + bytes(4) + b"mif1" + brand + bytes(64)


GOOD_JPEG, GOOD_PNG = saved(Image.fromarray(NOISE), "JPEG"), saved(Image.fromarray(NOISE), "PNG")


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("empty.jpg", b"", "image_unreadable"),
        ("text.jpg", b"<html>404 not found</html>" * 20, "image_unreadable"),
        ("zeros.jpg", bytes(5000), "image_unreadable"),
        ("header.jpg", GOOD_JPEG[:100], "image_unreadable"),
        ("half.jpg", GOOD_JPEG[: len(GOOD_JPEG) // 2], "image_unreadable"),
        ("most.jpg", GOOD_JPEG[:-200], "image_unreadable"),
        ("half.png", GOOD_PNG[: len(GOOD_PNG) // 2], "image_unreadable"),
        ("most.png", GOOD_PNG[:-200], "image_unreadable"),
        ("spoilt.png", GOOD_PNG[:500] + b"\0\0\0\0" + GOOD_PNG[504:], "image_unreadable"),
        ("half.webp", (data := saved(Image.fromarray(NOISE), "WEBP"))[: len(data) // 2], "image_unreadable"),
        ("half.bmp", (data := saved(Image.fromarray(NOISE), "BMP"))[: len(data) // 2], "image_unreadable"),
        ("half.gif", (data := saved(Image.fromarray(NOISE), "GIF"))[: len(data) // 2], "image_unreadable"),
        ("half.tif", (data := saved(Image.fromarray(NOISE), "TIFF"))[: len(data) // 2], "image_unreadable"),
        ("progressive.jpg", saved(Image.fromarray(NOISE), "JPEG", progressive=True)[:2500], "image_unreadable"),
        ("float.tif", saved(Image.fromarray(np.ones((32, 48), np.float32)), "TIFF"), "image_unreadable"),
        ("deep.png", saved(Image.fromarray(np.full((32, 48), 40000, np.uint16)), "PNG"), "depth_map"),
        ("deep.tif", saved(Image.fromarray(np.full((32, 48), 40000, np.uint16)), "TIFF"), "depth_map"),
        ("photo.heic", heic(b"heic"), "image_unsupported"),
        ("photo.jpg", heic(b"heix"), "image_unsupported"),
        ("photo.avif", heic(b"avif"), "image_unsupported"),
        ("one.png", saved(plain("RGB", (1, 1)), "PNG"), "image_too_small"),
        ("strip.png", saved(plain("RGB", (1000, 1)), "PNG"), "image_too_small"),
        ("script.jpg", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n", "image_unreadable"),
    ],
)
def test_what_cannot_be_used_is_one_drop(tmp_path: Path, name: str, data: bytes, code: str):
    assert read(tmp_path, name, data) == code


def test_damage_that_a_jpeg_decoder_forgives_is_not_printed(tmp_path: Path):
    middle = len(GOOD_JPEG) // 2
    read(tmp_path, "spoilt.jpg", GOOD_JPEG[:middle] + b"\xff\x00\x13" * 20 + GOOD_JPEG[middle + 60 :])


def test_a_strip_and_a_tall_picture_are_frames(tmp_path: Path):
    frame = read(tmp_path, "strip.png", saved(plain("RGB", (1000, 5)), "PNG"))
    assert isinstance(frame, Frame)
    assert frame.image.shape == (5, 1000, 3)
    assert frame.camera is None


def with_size(width: int, height: int) -> dict[str, bytes]:
    """Small files whose headers claim a size."""
    start = GOOD_PNG.index(b"IHDR")
    header = b"IHDR" + struct.pack(">II", width, height) + GOOD_PNG[start + 12 : start + 17]
    png = GOOD_PNG[:start] + header + struct.pack(">I", zlib.crc32(header)) + GOOD_PNG[start + 21 :]
    frame = GOOD_JPEG.index(b"\xff\xc0")
    jpeg = GOOD_JPEG[: frame + 5] + struct.pack(">HH", height, width) + GOOD_JPEG[frame + 9 :]
    still = saved(plain("RGB"), "BMP")
    bmp = still[:18] + struct.pack("<ii", width, height) + still[26:]
    still = saved(plain("RGB"), "GIF")
    gif = still[:6] + struct.pack("<HH", width, height) + still[10:]
    return {"png": png, "jpg": jpeg, "bmp": bmp, "gif": gif}


@pytest.mark.parametrize("size", [(20_000, 20_000), (9000, 7000), (60_000, 60_000)], ids=str)
@pytest.mark.parametrize("ending", ["png", "jpg", "bmp", "gif"])
def test_a_bomb_takes_no_memory(tmp_path: Path, size: tuple[int, int], ending: str):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert read(tmp_path, f"bomb.{ending}", with_size(*size)[ending]) == "image_too_large"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000, "kilobytes"


def test_the_largest_photos_of_phones_are_allowed():
    for width, height in ((8064, 6048), (8160, 6144), (8192, 6144)):
        assert width * height <= LARGEST_PIXELS


def test_a_folder_called_like_a_picture_is_no_picture(tmp_path: Path):
    (tmp_path / "x.jpg").mkdir()
    assert isinstance(read(tmp_path, "y.jpg", GOOD_JPEG), Frame)
    assert len(ImageFolder(tmp_path)) == 1


def test_damaged_orientation_does_not_spoil_the_pixels(tmp_path: Path):
    block = exif_block(Orientation=6)
    for index, broken in enumerate((block[:14], block[:6] + b"XX" + block[8:], b"Exif\0\0" + bytes(40))):
        frame = read(tmp_path, "x.jpg", photo(broken, "JPEG", plain("RGB")))
        assert isinstance(frame, Frame), index
        assert frame.image.shape == (32, 48, 3)


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="needs /proc")
def test_no_file_stays_open(tmp_path: Path):
    for index in range(300):
        data = (GOOD_JPEG, GOOD_PNG, GOOD_JPEG[:900], saved(plain("RGB"), "TIFF"), heic(b"heic"))[index % 5]
        (tmp_path / f"{index:03}.{('jpg', 'png', 'jpg', 'tif', 'heic')[index % 5]}").write_bytes(data)
    source = ImageFolder(tmp_path)
    before = len(os.listdir("/proc/self/fd"))
    frames = [source.read(index).frame for index in range(len(source))]
    assert sum(frame is not None for frame in frames) == 180
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "AVIF"])
def test_random_damage_never_raises(tmp_path: Path, kind: str):
    if kind == "AVIF" and not features.check("avif"):
        pytest.skip("this Pillow has no AVIF")
    whole = BytesIO(saved(Image.fromarray(NOISE), kind)).getvalue()
    rng = np.random.default_rng(3)
    for _ in range(40):
        data = bytearray(whole)
        for at in rng.integers(0, len(data) if rng.random() < 0.5 else 60, rng.integers(1, 8)):
            data[at] = rng.integers(256)
        read(tmp_path, "x.jpg", bytes(data[: rng.integers(len(data))] if rng.random() < 0.2 else data))
