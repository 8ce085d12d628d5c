"""A good RGB-D folder of two frames, and the ways to break the first of them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from pycocotools import mask as coco

from spatialvlm.pipeline.collect import Collected, open_source
from spatialvlm.pipeline.collect.rgbd import RgbdFolder

HEIGHT, WIDTH = 24, 32
DEPTH_MM = np.random.default_rng(0).integers(400, 3000, (HEIGHT, WIDTH)).astype(np.uint16)
DEPTH_MM[3, :5] = 0
METRES = DEPTH_MM / np.float32(1000)
IMAGE_RGB = np.random.default_rng(1).integers(0, 256, (HEIGHT, WIDTH, 3)).astype(np.uint8)
MASK = np.zeros((HEIGHT, WIDTH), np.uint8)
MASK[4:10, 6:20] = 1


class Folder:
    """A good folder of two frames, "k7" (to be broken) and "other", each with the instances "1" and "2"."""

    def __init__(self, root: Path):
        self.root = root
        write_png(root / "rgb/x.png", cv2.cvtColor(IMAGE_RGB, cv2.COLOR_RGB2BGR))
        write_png(root / "depth/x.png", DEPTH_MM)
        write_png(root / "masks/x.png", MASK)
        self.lines: list[Any] = [self.line("k7"), self.line("other")]
        self.instances: Any = self.good_instances()

    @staticmethod
    def line(frame_id: str) -> dict[str, Any]:
        return {
            "id": frame_id,
            "image": "rgb/x.png",
            "depth": "depth/x.png",
            "camera": {"fx": 30.0, "fy": 31.0, "cx": 16.0, "cy": 12.0, "width": WIDTH, "height": HEIGHT},
            "gravity_in_camera": [0, 2, 0],
            "instances": f"instances/{frame_id}.json",
            "licence": "CC0-1.0",
        }

    @staticmethod
    def good_instances() -> list[Any]:
        return [
            {"id": "1", "captions": ["red mug", "mug"], "mask": "masks/x.png", "score": 0.5},
            {"id": 2, "captions": ["box"], "box_xyxy": [6, 4, 20, 10], "rle": rle(MASK)},
        ]

    def open(self) -> RgbdFolder:
        (self.root / "instances").mkdir(exist_ok=True)
        (self.root / "instances/other.json").write_text(json.dumps(self.good_instances()))
        broken = self.instances if isinstance(self.instances, bytes) else json.dumps(self.instances).encode()
        (self.root / "instances/k7.json").write_bytes(broken)
        lines = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in self.lines]
        (self.root / "frames.jsonl").write_bytes(b"\n".join(lines))
        source = open_source(str(self.root))
        assert isinstance(source, RgbdFolder)
        return source


def write_png(path: Path, picture: np.ndarray, *options: int) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(".png", picture, options)[1].tobytes())
    return f"{path.parent.name}/{path.name}"


def write_npy(path: Path, values: np.ndarray) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, values)
    return f"{path.parent.name}/{path.name}"


def truncate(path: Path, size: int = 123) -> None:
    path.write_bytes(path.read_bytes()[:size])


def rle(mask: np.ndarray) -> dict[str, Any]:
    encoded = coco.encode(np.asfortranarray(mask))
    return {"size": list(encoded["size"]), "counts": encoded["counts"].decode()}


def assert_good(collected: Collected, frame_id: str) -> None:
    frame = collected.frame
    assert collected.drops == ()
    assert frame is not None
    assert frame.id == frame_id
    assert np.array_equal(frame.image, IMAGE_RGB)
    assert frame.camera is not None
    assert frame.depth_m is not None
    assert frame.instances is not None
    assert np.array_equal(frame.camera.image_from_camera, [[30, 0, 16], [0, 31, 12], [0, 0, 1]]), (
        "fx, fy, cx, cy in their places"
    )
    assert (frame.camera.width, frame.camera.height, frame.camera.provenance) == (WIDTH, HEIGHT, "calibration")
    assert np.array_equal(np.isnan(frame.depth_m), DEPTH_MM == 0)
    assert np.allclose(np.nan_to_num(frame.depth_m), DEPTH_MM / 1000, rtol=1e-6)
    assert frame.gravity_in_camera is not None
    assert frame.gravity_in_camera.tolist() == [0, 1, 0]
    assert [(one.id, one.captions, one.score) for one in frame.instances] == [
        ("1", ("red mug", "mug"), 0.5),
        ("2", ("box",), 1.0),
    ]
    for instance in frame.instances:
        assert np.array_equal(instance.mask, MASK != 0)
        assert instance.box_xyxy.tolist() == [6, 4, 20, 10]
    assert frame.source.licence == "CC0-1.0"
    assert frame.source.image_path == "rgb/x.png"
    decoded = cv2.imdecode(np.frombuffer(frame.source.image_bytes, np.uint8), cv2.IMREAD_COLOR)
    assert np.array_equal(decoded[:, :, ::-1], IMAGE_RGB), "the bytes are the file's own"


Break = Callable[[Folder], object]


def key(name: str, value: object) -> Break:
    """Set a key of the first frame's line."""
    return lambda f: f.lines[0].__setitem__(name, value)


def camera(**changes: object) -> Break:
    return lambda f: f.lines[0]["camera"].update(changes)


def line(value: object) -> Break:
    return lambda f: f.lines.__setitem__(0, value)


def file_and_key(name: str, write: Callable[[Path], str]) -> Break:
    """Write a file of its own for the first frame and point the key to it."""
    return lambda f: f.lines[0].__setitem__(name, write(f.root))


def bad_png(name: str) -> Callable[[Path], str]:
    def write(root: Path) -> str:
        path = write_png(root / name, np.random.default_rng(2).integers(0, 9999, (HEIGHT, WIDTH)).astype(np.uint16))
        truncate(root / name)
        return path

    return write


def npy(values: object) -> Break:
    return file_and_key("depth", lambda root: write_npy(root / "depth/k7.npy", np.array(values)))


def npy_bytes(data: bytes) -> Break:
    return file_and_key("depth", lambda root: (root / "depth/k7.npy").write_bytes(data) and "depth/k7.npy")


def depth_png(picture: np.ndarray) -> Break:
    return file_and_key("depth", lambda root: write_png(root / "depth/k7.png", picture))


def instance(**changes: object) -> Break:
    """Change keys of the first instance of the first frame."""
    return lambda f: f.instances[0].update(changes)


def mask(picture: np.ndarray) -> Break:
    return lambda f: f.instances[0].update(mask=write_png(f.root / "masks/k7.png", picture))


def counts(value: object, size: object = (HEIGHT, WIDTH)) -> Break:
    return instance(mask=None, rle={"size": size, "counts": value})
