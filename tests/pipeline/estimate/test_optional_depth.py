"""MoGe, UniDepth and Metric3D against stand-ins that have the classes, arguments and outputs of the real packages."""

import json
import math
import sys
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch")
import torch

from fixtures.models.stand_ins import INSTALLERS, install_metric3d, install_moge, install_unidepth, write
from spatialvlm.errors import ContractError, UserError
from spatialvlm.geometry import intrinsics
from spatialvlm.models import Model, Runtime
from spatialvlm.pipeline.estimate.depth import load_depth
from spatialvlm.records import Camera, Frame, Source


@pytest.fixture
def packages(tmp_path, monkeypatch):
    """A folder on the path where a test puts packages; what was imported of them is forgotten afterwards."""
    root = tmp_path / "packages"
    root.mkdir()
    monkeypatch.syspath_prepend(str(root))
    names = ("moge", "unidepth", "hubconf")

    def forget():
        for name in [n for n in sys.modules if n.partition(".")[0] in names]:
            del sys.modules[name]

    forget()
    yield root
    forget()


@pytest.fixture(params=sorted(INSTALLERS))
def installed(request, packages, tmp_path):
    return Model(request.param, INSTALLERS[request.param](packages, tmp_path))


def frame_of(image, focal=None, provenance="calibration", name="a"):
    height, width = image.shape[:2]
    camera = None
    if focal is not None:
        camera = Camera(intrinsics(focal, focal, width / 2, height / 2), width, height, provenance)
    return Frame(name, image, camera, None, None, None, Source("test"))


def ramp(height, width):
    """Red from 0 to 200 along the rows' direction of x, no blue."""
    image = np.zeros((height, width, 3), np.uint8)
    image[:, :, 0] = np.linspace(0, 200, width).round()
    return image


class WithCameras:
    """A depth model that is told a focal length for every frame, as `estimate` tells those that need it."""

    def __init__(self, model):
        self.model = model

    def __getattr__(self, name):
        return getattr(self.model, name)

    def __call__(self, frames):
        return self.model([f if f.camera else replace(f, camera=assumed(f.image)) for f in frames])


def assumed(image):
    return replace(frame_of(image, 0.96 * max(image.shape)).camera, provenance="assumed", focal_error=0.25)


def load(model, batch_size=8):
    loaded = load_depth(model, Runtime(device="cpu", batch_size=batch_size))
    return WithCameras(loaded) if loaded.needs_focal else loaded


def test_the_contract(installed):
    images = [ramp(48, 64), ramp(80, 40), np.zeros((60, 90, 3), np.uint8), ramp(32, 32)]
    before = [image.copy() for image in images]
    focals = (None, 300.0, None, 200.0)
    frames = [frame_of(i, f, name=str(n)) for n, (i, f) in enumerate(zip(images, focals, strict=True))]
    model = load(installed)
    estimates = model(frames)
    assert model.name
    assert model.version
    assert model.errors.source
    assert 0 < model.errors.scale < 1
    for frame, old, estimate in zip(frames, before, estimates, strict=True):
        assert (frame.image == old).all()
        assert estimate.invariance == "metric"
        assert estimate.depth.shape == frame.image.shape[:2]
        assert estimate.depth.dtype == np.float32
        assert (estimate.depth > 0).all()
        if frame.camera is not None:
            assert estimate.focal_px is None
        elif estimate.focal_px is not None:
            assert estimate.focal_px > 0
            assert 0 < estimate.focal_error < 1


def test_one_by_one_equals_together_and_again(installed):
    frames = [frame_of(ramp(48, w), f, name=f"{w}") for w, f in [(64, None), (40, 90.0), (64, None), (64, 70.0)]]
    together = load(installed)(frames)
    for estimates in (load(installed, batch_size=1)(frames), load(installed)(frames)):
        for a, b in zip(together, estimates, strict=True):
            np.testing.assert_allclose(a.depth, b.depth)
            assert a.focal_px == b.focal_px


def test_out_of_memory_halves_the_batch(installed, monkeypatch):
    frames = [frame_of(ramp(48, 64), name=str(index)) for index in range(4)]
    expected = load(installed, batch_size=1)(frames)
    model, sizes = load(installed), []

    def scarce(_, image):
        sizes.append(len(image))
        if len(image) > 1:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return image

    monkeypatch.setattr(type(model._network), "forward", scarce)
    for a, b in zip(model(frames), expected, strict=True):
        np.testing.assert_array_equal(a.depth, b.depth)
    assert sizes == [4, 2, 1, 1, 1, 1]


def test_depth_lies_where_the_image_does(installed):
    """Each stand-in turns red into depth; neither padding nor resampling may shift it."""
    image = ramp(154, 266)  # a quarter of Metric3D's input in each direction
    (estimate,) = load(installed)([frame_of(image, 1000.0 / 4)])
    expected = 1 + image[:, :, 0] / 50
    np.testing.assert_allclose(estimate.depth, expected, atol=0.03)
    np.testing.assert_allclose(estimate.depth[:, 10:-10], expected[:, 10:-10], atol=0.015)


@pytest.mark.parametrize(("backend", "hint"), [("moge", "microsoft/MoGe"), ("unidepth", "lpiccinelli-eth/UniDepth")])
def test_a_missing_package_is_told_with_its_command(backend, hint, packages, tmp_path, monkeypatch):
    model = Model(backend, INSTALLERS[backend](packages, tmp_path))
    monkeypatch.setitem(sys.modules, backend, None)
    with pytest.raises(UserError, match=f"pip install git.https://github.com/{hint}"):
        load(model)


@pytest.mark.parametrize("backend", ["moge", "unidepth"])
def test_missing_weights_are_told(backend, tmp_path):
    with pytest.raises(UserError, match="no such file or folder"):
        load(Model(backend, str(tmp_path / "nowhere")))


def test_moge_leaves_sky_unknown_and_finds_the_focal_length(packages, tmp_path):
    image = ramp(40, 80)
    image[:10, :, 2] = 255
    model = load(Model("moge", install_moge(packages, tmp_path)))
    (estimate,) = model([frame_of(image)])
    assert np.isnan(estimate.depth[:10]).all()
    assert np.isfinite(estimate.depth[10:]).all()
    assert estimate.focal_px == pytest.approx(40 / math.tan(math.radians(30)))
    # 60 degrees wrong by 0.07 rad: the focal length of 60 + 4 degrees is about 8 % shorter.
    assert estimate.focal_error == pytest.approx(0.07 / math.sin(math.radians(60)))


def test_moge_is_told_a_known_field_of_view_and_no_guess(packages, tmp_path):
    model = load(Model("moge", install_moge(packages, tmp_path)))
    known = [frame_of(ramp(40, 80), 40.0, name="a"), frame_of(ramp(40, 80), 80.0, "exif", name="b")]
    guess = frame_of(ramp(40, 80), 40.0, "assumed", name="c")
    estimates = model([known[0], guess, known[1]])
    assert [estimate.focal_px is None for estimate in estimates] == [True, False, True]
    told, untold = model._network.calls
    assert told == pytest.approx([90, math.degrees(2 * math.atan(0.5))])
    assert untold is None


def test_moge_1_and_a_moge_2_without_scale_are_right_up_to_scale(packages, tmp_path):
    for config in ({"encoder": "dinov2_vitl14"}, {"encoder": {}, "neck": {}}):
        model = load(Model("moge", install_moge(packages, tmp_path, config)))
        (estimate,) = model([frame_of(ramp(40, 80))])
        assert estimate.invariance == "scale_invariant"


def test_what_is_no_moge_is_refused(packages, tmp_path):
    path = install_moge(packages, tmp_path, {"encoder": {}, "refiner": {"depth": 1}})
    with pytest.raises(UserError, match="MoGe-3"):
        load(Model("moge", path))
    torch.save({"state_dict": {}}, path)
    with pytest.raises(UserError, match="no settings of MoGe"):
        load(Model("moge", path))
    write(tmp_path / "model.pt", "text")
    with pytest.raises(UserError, match="no checkpoint of MoGe"):
        load(Model("moge", path))
    with pytest.raises(UserError, match="no checkpoint of MoGe"):
        load(Model("moge", str(packages)))


def test_unidepth_gets_a_known_camera_and_finds_others(packages, tmp_path):
    model = load(Model("unidepth", install_unidepth(packages, tmp_path)))
    known, guess = frame_of(ramp(40, 80), 123.0), frame_of(ramp(40, 80), 50.0, "model", name="b")
    matrix = known.camera.image_from_camera.copy()
    first, second, _ = model([known, guess, known])
    assert first.focal_px is None
    assert second.focal_px == pytest.approx(64)
    assert [call.numpy().round(3).tolist() for call in model._network.calls] == [[matrix.tolist()]] * 2
    assert (known.camera.image_from_camera == matrix).all()


def test_what_is_no_unidepth_2_is_refused(packages, tmp_path):
    folder = install_unidepth(packages, tmp_path)
    write(tmp_path / "weights" / "config.json", json.dumps({"model": {"name": "UniDepthV1"}}))
    with pytest.raises(UserError, match="'UniDepthV1', expected 'UniDepthV2'"):
        load(Model("unidepth", folder))


def test_metric3d_scales_with_the_focal_length_and_not_with_the_image(packages, tmp_path):
    model = load(Model("metric3d", install_metric3d(packages, tmp_path)))
    image = np.full((308, 532, 3), 100, np.uint8)  # half of its input: the canonical depth is 3 m everywhere
    known, longer = model([frame_of(image, 500.0), frame_of(image, 750.0)])
    np.testing.assert_allclose(known.depth, 3.0, rtol=1e-4)
    np.testing.assert_allclose(longer.depth, 4.5, rtol=1e-4)
    (double,) = model([frame_of(np.full((616, 1064, 3), 100, np.uint8), 1000.0)])
    np.testing.assert_allclose(double.depth, 3.0, rtol=1e-4)


def test_metric3d_is_as_unsure_of_scale_as_of_the_focal_length(packages, tmp_path):
    model = load(Model("metric3d", install_metric3d(packages, tmp_path)))
    image = np.full((308, 532, 3), 100, np.uint8)
    known, guessed = model([frame_of(image, 500.0), frame_of(image)])
    assert (known.scale_error, guessed.scale_error) == (0.0, 0.25)
    assert guessed.focal_px is None
    with pytest.raises(ContractError, match="Metric3D needs a focal length"):
        model.model([frame_of(image)])


def test_metric3d_keeps_the_proportions_of_tall_images(packages, tmp_path, monkeypatch):
    model, seen = load(Model("metric3d", install_metric3d(packages, tmp_path))), []
    forward = type(model._network).forward
    monkeypatch.setattr(type(model._network), "forward", lambda self, data: seen.append(data) or forward(self, data))
    model([frame_of(np.full((200, 100, 3), 255, np.uint8), 100.0)])
    filled = (seen[0][0, 0] > 1).nonzero()
    assert filled.amin(0).tolist() == [0, (1064 - 308) // 2]
    assert filled.amax(0).tolist() == [615, (1064 - 308) // 2 + 307]


def test_what_metric3d_lacks_is_told(packages, tmp_path):
    weights = install_metric3d(packages, tmp_path)
    clone = tmp_path / "Metric3D"
    for wrong, match in [
        (f"{clone}", "expected CLONE:VARIANT"),
        (f"{clone}:vit_tiny", "expected CLONE:VARIANT"),
        (f"{tmp_path}:vit_small", "git clone"),
        (f"{clone}:vit_large", "wget -P .*weight https://huggingface.co/JUGGHM/Metric3D"),
    ]:
        with pytest.raises(UserError, match=match):
            load(Model("metric3d", wrong))
    checkpoint = clone / "weight" / "metric_depth_vit_small_800k.pth"
    torch.save({"model_state_dict": {"other": torch.ones(1)}}, checkpoint)
    with pytest.raises(UserError, match="not one weight"):
        load(Model("metric3d", weights))
    checkpoint.write_text("text")
    with pytest.raises(UserError, match="no weights of Metric3D"):
        load(Model("metric3d", weights))
    write(clone / "hubconf.py", "import a_module_that_is_not_there")
    with pytest.raises(UserError, match="a_module_that_is_not_there"):
        load(Model("metric3d", weights))
