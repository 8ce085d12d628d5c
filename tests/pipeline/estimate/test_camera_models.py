"""GeoCalib and PerspectiveFields against stand-ins that keep the formulas of the real packages, above all the signs.

What the real ones do, and the stand-ins do likewise:
- GeoCalib (https://github.com/cvg/GeoCalib at 02ca0d4): `GeoCalib(weights="pinhole")`, `calibrate(image (3, h, w) in
  [0, 1], camera_model, priors)` -> "camera" with f (1, 2), "gravity" with vec3d (1, 3), "gravity_uncertainty" (1,).
  `Gravity.from_rp` is (-sin r cos p, -cos r cos p, sin p); the latitude of a pixel is asin(ray . vec3d), positive
  above the horizon (geocalib/gravity.py, geocalib/perspective_fields.py).
- PerspectiveFields (https://github.com/jinlinyi/PerspectiveFields at ee6428b): `PerspectiveFields(version)`,
  `inference(img_bgr=)` -> pred_roll, pred_pitch, pred_vfov in degrees, (1,) each. The latitude of a pixel is minus the
  elevation of inv(Rz(roll) Rx(pitch)) ray below the horizon, y down (perspective2d/utils/panocam.py at 0223891).

The truth is drawn into the images: roll, pitch and field of view as the colour of the first pixel.
"""

import math
import sys

import numpy as np
import pytest

pytest.importorskip("torch")
import torch

from spatialvlm.errors import ModelError, UserError
from spatialvlm.geometry import angle_between, intrinsics, pixel_rays, world_from_camera
from spatialvlm.models import Model, Runtime
from spatialvlm.pipeline.estimate.camera import load_camera
from spatialvlm.records import Camera, Frame, Source

GEOCALIB = """
import torch

class Gravity:
    def __init__(self, data):
        self.vec3d = torch.nn.functional.normalize(data, dim=-1)

    @classmethod
    def from_rp(cls, roll, pitch):
        sr, cr = torch.sin(roll), torch.cos(roll)
        sp, cp = torch.sin(pitch), torch.cos(pitch)
        return cls(torch.stack([-sr * cp, -cr * cp, sp], dim=-1))

class PinholeCamera:
    def __init__(self, f):
        self.f = f

class GeoCalib(torch.nn.Module):
    def __init__(self, weights="pinhole"):
        super().__init__()
        if weights != "pinhole":
            torch.load(weights, weights_only=True)
        self.calls = []

    @torch.no_grad()
    def calibrate(self, img, camera_model="pinhole", priors=None, shared_intrinsics=False):
        assert img.dim() == 3 and img.shape[0] == 3 and 0 <= img.min() and img.max() <= 1 and camera_model == "pinhole"
        img = self.forward(img)
        priors = priors or {}
        self.calls.append(priors)
        if not img.any():
            torch.linalg.inv(torch.zeros(1, 3, 3))
        roll, pitch, field = torch.deg2rad(img[:, 0, 0] * 255 - 100).unbind()
        f = img.shape[1] / 2 / torch.tan(field / 2)
        if prior_focal := priors.get("focal"):
            f = prior_focal
        return {
            "camera": PinholeCamera(torch.stack([f, f])[None]),
            "gravity": Gravity.from_rp(roll[None], pitch[None]),
            "gravity_uncertainty": torch.full((1,), 0.01 if img[0, -1, -1] < 0.9 else torch.nan),
        }

    def forward(self, image):
        return image
"""

PERSPECTIVE = """
import torch

class PerspectiveFields(torch.nn.Module):
    def __init__(self, version="Paramnet-360Cities-edina-centered"):
        super().__init__()

    @torch.no_grad()
    def inference(self, img_bgr):
        self.forward(img_bgr)
        field, pitch, roll = torch.tensor(img_bgr[0, 0].astype("float32")) - 100
        return {"pred_roll": roll[None], "pred_pitch": pitch[None], "pred_vfov": field[None],
                "pred_rel_focal": 1 / 2 / torch.tan(field[None] / 90)}

    def forward(self, image):
        return image
"""

WEIGHTS = {"geocalib": "pinhole", "perspective_fields": "Paramnet-360Cities-edina-centered"}
PACKAGES = {"geocalib": ("geocalib", GEOCALIB), "perspective_fields": ("perspective2d", PERSPECTIVE)}


@pytest.fixture(params=sorted(WEIGHTS))
def model(request, tmp_path, monkeypatch):
    package, text = PACKAGES[request.param]
    (tmp_path / f"{package}.py").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    sys.modules.pop(package, None)
    yield load_camera(Model(request.param, WEIGHTS[request.param]), Runtime(device="cpu"))
    sys.modules.pop(package, None)


only_geocalib = pytest.mark.parametrize("model", ["geocalib"], indirect=True)


def frame_of(roll, pitch, field=60, height=48, width=64, camera=None, name="a"):
    """Angles in whole degrees."""
    image = np.full((height, width, 3), 128, np.uint8)
    image[0, 0] = roll + 100, pitch + 100, field + 100
    return Frame(name, image, camera, None, None, None, Source("test"))


def latitude_rad(roll, pitch, ray):
    """PanoCam.get_lat of PerspectiveFields, for one ray (x, y, 1)."""
    x, y, _ = ray
    y_world = x * math.cos(pitch) * math.sin(roll) + y * math.cos(pitch) * math.cos(roll) - math.sin(pitch)
    x_world = x * math.cos(roll) - y * math.sin(roll)
    z_world = x * math.sin(pitch) * math.sin(roll) + y * math.sin(pitch) * math.cos(roll) + math.cos(pitch)
    return -math.atan2(y_world, math.hypot(x_world, z_world))


def test_a_level_camera_sees_down_along_y(model):
    (estimate,) = model([frame_of(0, 0)])
    np.testing.assert_allclose(estimate.gravity_in_camera, [0, 1, 0], atol=1e-6)


@pytest.mark.parametrize("down_deg", [5, 30, 80])
def test_a_camera_that_looks_down_sees_down_partly_forward(model, down_deg):
    (estimate,) = model([frame_of(0, -down_deg)])
    angle = math.radians(down_deg)
    np.testing.assert_allclose(estimate.gravity_in_camera, [0, math.cos(angle), math.sin(angle)], atol=1e-6)
    # And so says the world frame: the optical axis goes down.
    axis_in_world = world_from_camera(-estimate.gravity_in_camera, 1.5)[:3, 2]
    assert axis_in_world[2] == pytest.approx(-math.sin(angle), abs=1e-6)


def test_a_roll_turns_down_to_the_side_where_the_horizon_rises(model):
    (estimate,) = model([frame_of(20, 0)])
    np.testing.assert_allclose(
        estimate.gravity_in_camera, [math.sin(math.radians(20)), math.cos(math.radians(20)), 0], atol=1e-6
    )


@pytest.mark.parametrize(("roll", "pitch"), [(0, 10), (15, -20), (-35, -40), (60, 25)])
def test_latitudes_agree_with_those_that_the_package_defines(model, roll, pitch):
    """The packages are trained on latitudes: the height of each pixel's ray over the horizon."""
    (estimate,) = model([frame_of(roll, pitch)])
    matrix = intrinsics(estimate.focal_px, estimate.focal_px, 32.0, 24.0)
    for ray in pixel_rays(matrix, np.array([0, 0, 24, 47, 47]), np.array([0, 63, 32, 0, 63])):
        above = math.pi / 2 - angle_between(ray, -estimate.gravity_in_camera)
        assert above == pytest.approx(latitude_rad(math.radians(roll), math.radians(pitch), ray), abs=1e-5)


def test_the_contract(model):
    frames = [frame_of(3, -12, name="a"), frame_of(0, 0, 90, 80, 40, name="b"), frame_of(-5, 7, 40, 32, 32, name="c")]
    before = [frame.image.copy() for frame in frames]
    estimates = model(frames)
    assert model.name
    assert model.version
    for frame, old, estimate, field in zip(frames, before, estimates, (60, 90, 40), strict=True):
        assert (frame.image == old).all()
        assert np.linalg.norm(estimate.gravity_in_camera) == pytest.approx(1)
        assert math.radians(1) < estimate.gravity_error_rad < math.radians(5)
        assert estimate.focal_px == pytest.approx(
            frame.image.shape[0] / 2 / math.tan(math.radians(field / 2)), rel=1e-5
        )
        assert 0 < estimate.focal_error < 0.5
    for frame, estimate in zip(frames, estimates, strict=True):
        (alone,) = model([frame])
        np.testing.assert_array_equal(alone.gravity_in_camera, estimate.gravity_in_camera)
        assert alone.focal_px == estimate.focal_px


def test_a_black_image_gives_a_direction_or_none(model):
    black = Frame("black", np.zeros((32, 32, 3), np.uint8), None, None, None, None, Source("test"))
    (estimate,) = model([black])
    assert estimate is None  # the stand-ins: a singular fit, and a field of view below zero


def test_a_known_focal_length_is_not_estimated(model):
    known = Camera(intrinsics(70.0, 70.0, 32.0, 24.0), 64, 48, "exif")
    guess = Camera(intrinsics(70.0, 70.0, 32.0, 24.0), 64, 48, "assumed")
    first, second = model([frame_of(0, 0, camera=known), frame_of(0, 0, camera=guess)])
    assert (first.focal_px, first.focal_error) == (None, 0.0)
    assert second.focal_px == pytest.approx(24 / math.tan(math.radians(30)), rel=1e-5)


@only_geocalib
def test_geocalib_fits_with_the_known_focal_length(model):
    known = Camera(intrinsics(70.0, 70.0, 32.0, 24.0), 64, 48, "calibration")
    model([frame_of(0, 0, camera=known), frame_of(0, 0)])
    assert [{name: float(value) for name, value in call.items()} for call in model._network.calls] == [
        {"focal": 70.0},
        {},
    ]


@only_geocalib
def test_geocalib_adds_what_its_fit_states_and_gives_up_without(model):
    sure, unsure = frame_of(0, 0), frame_of(0, 0)
    unsure.image[-1, -1] = 255
    first, second = model([sure, unsure])
    assert first.gravity_error_rad == pytest.approx(math.hypot(math.radians(1.9), 0.01), rel=1e-5)
    assert second is None


def test_out_of_memory_on_one_image_is_told(model, monkeypatch):
    def scarce(*_):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(type(model._network), "forward", scarce)
    with pytest.raises(ModelError, match="out of memory on a single image"):
        model([frame_of(0, 0)])


@pytest.mark.parametrize(("backend", "hint"), [("geocalib", "cvg/GeoCalib"), ("perspective_fields", "jinlinyi/Persp")])
def test_a_missing_package_is_told_with_its_command(backend, hint, monkeypatch):
    monkeypatch.setitem(sys.modules, PACKAGES[backend][0], None)
    with pytest.raises(UserError, match=f"pip install .*https://github.com/{hint}"):
        load_camera(Model(backend, WEIGHTS[backend]), Runtime(device="cpu"))


@pytest.mark.parametrize("backend", sorted(WEIGHTS))
def test_weights_that_cannot_be_downloaded_are_told(backend, tmp_path, monkeypatch):
    package = PACKAGES[backend][0]
    offline = "from urllib.error import URLError\ndef {}(*_, **__):\n    raise URLError('no network')\n"
    (tmp_path / f"{package}.py").write_text(offline.format({"geocalib": "GeoCalib"}.get(backend, "PerspectiveFields")))
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, package, raising=False)
    with pytest.raises(UserError, match=r"no network.*where there is a network"):
        load_camera(Model(backend, WEIGHTS[backend]), Runtime(device="cpu"))
    sys.modules.pop(package, None)


@only_geocalib
def test_other_weights_of_geocalib(model, tmp_path):
    with pytest.raises(UserError, match="no such file"):
        load_camera(Model("geocalib", str(tmp_path / "none.tar")), Runtime(device="cpu"))
    torch.save({}, tmp_path / "own.tar")
    own = load_camera(Model("geocalib", str(tmp_path / "own.tar")), Runtime(device="cpu"))
    assert own.name == "own.tar"
    assert own.version.startswith("sha256:")


def test_versions_with_a_moved_principal_point_are_refused():
    with pytest.raises(UserError, match="choose one of Paramnet-360Cities-edina-centered"):
        load_camera(Model("perspective_fields", "Paramnet-360Cities-edina-uncentered"), Runtime(device="cpu"))
