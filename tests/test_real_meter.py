"""METER-xxs with its published weights: what examples/meter_to_onnx.py exports is the network, and right in rooms."""

import json
import runpy
from pathlib import Path

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch")
for package in ("onnx", "onnxruntime"):
    pytest.importorskip(package)

from spatialvlm.errors import UserError  # noqa: E402
from spatialvlm.models import Model, Runtime  # noqa: E402
from spatialvlm.pipeline.estimate.depth import load_depth  # noqa: E402
from spatialvlm.records import Frame, Source  # noqa: E402

EXAMPLE = runpy.run_path(str(Path(__file__).parents[1] / "examples" / "meter_to_onnx.py"), run_name="example")
WEIGHTS = Path("model-meter-nyu") / "build_model_best_nyu_xxs"


@pytest.fixture(scope="module")
def exported(tmp_path_factory, assets):
    path = tmp_path_factory.mktemp("meter") / "models" / "meter.onnx"
    EXAMPLE["export"](assets / WEIGHTS, path)
    return load_depth(Model("onnx", str(path)), Runtime(device="cpu"))


def frame(path: Path) -> Frame:
    image = cv2.imread(str(path))[:, :, ::-1].copy()
    return Frame(path.stem, image, None, None, None, None, Source("test"))


def test_the_exported_network_is_the_original(assets, exported):
    one = frame(assets / "room-sunrgbd-3dboxes" / "000017.jpg")
    prepared = cv2.resize(one.image, (256, 192), interpolation=cv2.INTER_AREA).astype(np.float32)
    with torch.no_grad():
        original = EXAMPLE["meter"](assets / WEIGHTS)(torch.from_numpy(prepared.transpose(2, 0, 1))[None])[0].numpy()
    depth_m = exported([one])[0].depth
    at = np.s_[265, 365]
    assert depth_m.shape == one.image.shape[:2]
    assert original.shape == (48, 64)
    assert depth_m[at] == pytest.approx(original[24, 32], rel=0.05)
    assert (depth_m.min(), depth_m.max()) == pytest.approx((original.min(), original.max()), rel=0.05)


def test_depth_is_right_in_rooms(assets, exported):
    """Mean error relative to LiDAR and to a structured-light sensor, 0.14 and 0.19 when this was written."""
    lidar_m = cv2.imread(str(assets / "rgbd-iphone-lidar" / "arkit_depth.png"), cv2.IMREAD_UNCHANGED) / 1000.0
    depth_m = exported([frame(assets / "rgbd-iphone-lidar" / "image.jpg")])[0].depth
    seen_m = cv2.resize(depth_m, lidar_m.shape[::-1], interpolation=cv2.INTER_NEAREST)
    known = lidar_m > 0
    assert np.abs(seen_m - lidar_m)[known] @ (1 / lidar_m[known]) / known.sum() < 0.15

    room = assets / "room-sunrgbd-3dboxes"
    camera = json.loads((room / "sunrgbd_000017_infos.json").read_text())["data_list"][0]["images"]["CAM0"]
    points = np.fromfile(room / "000017.bin", np.float32).reshape(-1, 6)[:, :3] @ np.array(camera["depth2img"]).T
    u, v, z_m = points[:, 0] / points[:, 2], points[:, 1] / points[:, 2], points[:, 2]
    depth_m = exported([frame(room / "000017.jpg")])[0].depth
    inside = (z_m > 0) & (u >= 0) & (u < depth_m.shape[1]) & (v >= 0) & (v < depth_m.shape[0])
    seen_m, z_m = depth_m[v[inside].astype(int), u[inside].astype(int)], z_m[inside]
    assert len(z_m) > 40000
    assert np.mean(np.abs(seen_m - z_m) / z_m) < 0.2


def test_other_weights_are_refused(tmp_path):
    torch.save({"a": torch.zeros(1)}, tmp_path / "other")
    for path in (tmp_path / "other", tmp_path / "missing"):
        with pytest.raises(UserError, match="not the weights of METER-xxs"):
            EXAMPLE["meter"](path)
