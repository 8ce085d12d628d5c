"""Depth models of transformers, tried on tiny networks of their architectures with random weights."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from fixtures.models import depth_contract, tiny_depth  # noqa: E402
from spatialvlm.errors import ModelError, UserError  # noqa: E402
from spatialvlm.models import Model, Runtime  # noqa: E402
from spatialvlm.pipeline.estimate.depth import load_depth, published, zoedepth  # noqa: E402
from spatialvlm.pipeline.estimate.depth.depthpro import FOV_DEG, focal_from_fov, metric_depth  # noqa: E402
from spatialvlm.pipeline.estimate.depth.disparity import SHIFT_ERROR, from_disparity  # noqa: E402
from spatialvlm.pipeline.estimate.depth.network import Network  # noqa: E402
from spatialvlm.pipeline.estimate.depth.resample import resized, resized_depth  # noqa: E402

MAKERS: dict[str, tuple[str, str, Callable[[Path], Path]]] = {
    "metric": ("depth_anything", "metric", tiny_depth.depth_anything),
    "relative": ("depth_anything", "affine_invariant", lambda to: tiny_depth.depth_anything(to, "relative")),
    "dpt": ("depth_anything", "affine_invariant", tiny_depth.dpt),
    "glpn": ("depth_anything", "metric", tiny_depth.glpn),
    "zoedepth": ("zoedepth", "metric", tiny_depth.zoedepth),
    "zoedepth-nyu": ("zoedepth", "metric", lambda to: tiny_depth.zoedepth(to, heads=1)),
}


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Model]:
    made: dict[str, Model] = {}

    def of(kind: str) -> Model:
        if kind not in made:
            backend, _, make = MAKERS[kind]
            made[kind] = Model(backend, str(make(tmp_path_factory.mktemp(kind))))
        return made[kind]

    return of


@pytest.mark.parametrize("kind", MAKERS)
def test_promises(weights, kind):
    depth_contract.check_promises(load_depth(weights(kind), Runtime(device="cpu", batch_size=4)), MAKERS[kind][1])


@pytest.mark.parametrize("kind", ["metric", "zoedepth-nyu"])
def test_memory_that_runs_out_halves_the_batch(weights, kind, monkeypatch):
    model = load_depth(weights(kind), Runtime(device="cpu", batch_size=4))
    expected = model(depth_contract.FRAMES)
    forward, seen = model._network.model.forward, []  # pyright: ignore[reportAttributeAccessIssue]

    def small(pixel_values):
        seen.append(len(pixel_values))
        if len(pixel_values) > 1:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return forward(pixel_values=pixel_values)

    monkeypatch.setattr(model._network.model, "forward", small)  # pyright: ignore[reportAttributeAccessIssue]
    depth_contract.same(model(depth_contract.FRAMES), expected)
    assert max(seen) > 1

    def never(pixel_values):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(model._network.model, "forward", never)  # pyright: ignore[reportAttributeAccessIssue]
    with pytest.raises(ModelError, match="single image"):
        model(depth_contract.FRAMES)


def test_half_precision_is_close(weights):
    full = load_depth(weights("metric"), Runtime(device="cpu"))(depth_contract.FRAMES)
    half = load_depth(weights("metric"), Runtime(device="cpu", precision="half"))(depth_contract.FRAMES)
    for one, other in zip(full, half, strict=True):
        assert other.depth.dtype == np.float32
        assert np.nanmedian(np.abs(np.log(one.depth / other.depth))) < 0.05


@pytest.mark.parametrize("backend", ["depth_anything", "zoedepth", "depthpro"])
def test_missing_weights_say_how_to_get_them(backend, tmp_path):
    with pytest.raises(UserError, match="no such file or folder"):
        load_depth(Model(backend, str(tmp_path / "nothing")), Runtime(device="cpu"))
    with pytest.raises(UserError, match="cannot be loaded"):
        load_depth(Model(backend, str(tmp_path)), Runtime(device="cpu"))


@pytest.mark.parametrize(
    ("backend", "kind"), [("depth_anything", "zoedepth"), ("zoedepth", "dpt"), ("depthpro", "dpt")]
)
def test_other_architectures_are_refused(weights, backend, kind):
    with pytest.raises(UserError, match="cannot read; give weights of"):
        load_depth(Model(backend, weights(kind).weights), Runtime(device="cpu"))


def test_depth_of_dpt_on_dinov2_is_refused(tmp_path):
    with pytest.raises(UserError, match="not MiDaS's disparity"):
        load_depth(Model("depth_anything", str(tiny_depth.dpt(tmp_path, "dinov2"))), Runtime(device="cpu"))


def test_depthpro_says_that_it_needs_torchvision(tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "depth_pro"}')
    with pytest.raises(UserError, match="pip install torchvision"):
        load_depth(Model("depthpro", str(tmp_path)), Runtime(device="cpu"))


def test_streets_are_told_from_rooms(weights, tmp_path):
    room = load_depth(weights("metric"), Runtime(device="cpu"))
    street = load_depth(
        Model("depth_anything", str(tiny_depth.depth_anything(tmp_path / "da", max_depth=80))), Runtime(device="cpu")
    )
    assert "nuScenes" in street.errors.source
    assert street.errors.scale > room.errors.scale > 0.3
    kitti = tiny_depth.zoedepth(tmp_path / "zoe", heads=1, max_depth=80.0)
    assert "nuScenes" in load_depth(Model("zoedepth", str(kitti)), Runtime(device="cpu")).errors.source


def test_relative_depth_has_an_unknown_shift(weights):
    errors = load_depth(weights("relative"), Runtime(device="cpu")).errors
    assert errors.shift == SHIFT_ERROR
    assert errors.scale == 0


def test_published_errors_are_those_of_the_table():
    errors = published.zero_shot({"one": (0.1, 10.0)}, ("one",), "some")
    total = 1.2533141 * np.log(10) * 0.1
    assert errors.local == pytest.approx(0.1)
    assert np.hypot(errors.scale, errors.local) == pytest.approx(total)
    depthpro = published.zero_shot(published.DEPTHPRO, published.PHOTOS, "Depth Pro")
    assert depthpro.scale == pytest.approx(0.29, abs=0.005)
    assert depthpro.local == pytest.approx(0.082, abs=0.0005)


def test_heads_of_zoedepth_are_chosen_image_by_image(weights):
    model = load_depth(weights("zoedepth"), Runtime(device="cpu", batch_size=4))
    assert model._network.batches.size == 1  # pyright: ignore[reportAttributeAccessIssue]


def test_flipped_image_is_flipped_back(weights):
    one = depth_contract.FRAMES[0]
    plain = zoedepth.ZoeDepth(weights("zoedepth-nyu"), Runtime(device="cpu"))
    flips = zoedepth.ZoeDepth(weights("zoedepth-nyu"), Runtime(device="cpu"), flip=True)
    mirrored = depth_contract.Frame(
        "m", np.ascontiguousarray(one.image[:, ::-1]), None, None, None, None, depth_contract.Source("test")
    )
    (straight,), (mirror,) = flips([one]), flips([mirrored])
    np.testing.assert_allclose(straight.depth, mirror.depth[:, ::-1], rtol=1e-4)
    assert not np.allclose(straight.depth, plain([one])[0].depth)


def luminance(network: Network, pixel_values) -> SimpleNamespace:
    """A network that "predicts" how bright each pixel of its input is, 0 to 1."""
    mean = torch.tensor(network.processor.image_mean)[:, None, None]
    std = torch.tensor(network.processor.image_std)[:, None, None]
    grey = (pixel_values * std + mean).mean(dim=1)
    return SimpleNamespace(predicted_depth=grey, get=lambda name: None)


@pytest.mark.parametrize("size", [(48, 64), (100, 60), (33, 47), (480, 640)])
def test_zoedepth_leaves_no_trace_of_its_padding(weights, size, monkeypatch):
    model = zoedepth.ZoeDepth(weights("zoedepth-nyu"), Runtime(device="cpu"))
    monkeypatch.setattr(model._network.model, "forward", lambda pixel_values: luminance(model._network, pixel_values))
    height, width = size
    for ramp in (
        np.linspace(100, 200, width)[None, :].repeat(height, 0),
        np.linspace(100, 200, height)[:, None].repeat(width, 1),
    ):
        image = np.repeat(ramp[:, :, None], 3, axis=2).round().astype(np.uint8)
        found = model([depth_contract.Frame("r", image, None, None, None, None, depth_contract.Source("t"))])[0]
        # At the border the mirror image bends the ramp, by less than a pixel of the network.
        inner = (slice(height // 6, -height // 6), slice(width // 6, -width // 6))
        step = 100 / max(size)
        shift = np.mean((found.depth * 255 - ramp)[inner]) / step
        assert abs(shift) < 0.5
        np.testing.assert_allclose((found.depth * 255)[inner], ramp[inner], atol=1.5)


@pytest.mark.parametrize("size", [(48, 64), (100, 60), (480, 640)])
def test_depth_anything_keeps_pixels_in_their_places(weights, size, monkeypatch):
    model = load_depth(weights("metric"), Runtime(device="cpu"))
    network = model._network  # pyright: ignore[reportAttributeAccessIssue]
    monkeypatch.setattr(network.model, "forward", lambda pixel_values: luminance(network, pixel_values))
    ramp = np.linspace(100, 200, size[1])[None, :].repeat(size[0], 0)
    image = np.repeat(ramp[:, :, None], 3, axis=2).round().astype(np.uint8)
    found = model([depth_contract.Frame("r", image, None, None, None, None, depth_contract.Source("t"))])[0]
    inner = (slice(None), slice(size[1] // 8, -size[1] // 8))
    np.testing.assert_allclose((found.depth * 255)[inner], ramp[inner], atol=1.0)


@given(st.integers(4, 40), st.integers(4, 40), st.integers(4, 90), st.integers(4, 90))
def test_ramp_stays_the_same_ramp(rows, columns, height, width):
    def ramp(r, c):
        x, y = (np.arange(c) + 0.5) / c, (np.arange(r) + 0.5) / r
        return (2 + 3 * x[None, :] + 5 * y[:, None]).astype(np.float32)

    found, expected = resized(ramp(rows, columns), height, width), ramp(height, width)
    # Within half an element of the border the border's value is held.
    inside_y = np.abs((np.arange(height) + 0.5) / height - 0.5) <= 0.5 - 0.5 / rows
    inside_x = np.abs((np.arange(width) + 0.5) / width - 0.5) <= 0.5 - 0.5 / columns
    inside = np.ix_(inside_y, inside_x)
    np.testing.assert_allclose(found[inside], expected[inside], rtol=1e-5)
    assert found.min() >= 2
    assert found.max() <= 10.001


def test_planes_stay_planes():
    def floor(r, c):
        return (1 / (0.1 + 0.4 * (np.arange(r) + 0.5) / r))[:, None].repeat(c, 1).astype(np.float32)

    np.testing.assert_allclose(resized_depth(floor(20, 30), 80, 90)[2:-2], floor(80, 90)[2:-2], rtol=1e-5)


def test_depth_that_is_not_positive_is_unknown():
    depth = np.array([[1, 0], [-1, np.inf]], np.float32)
    found = resized_depth(depth, 2, 2)
    assert found[0, 0] == 1
    assert np.isnan(found).sum() == 3


@pytest.mark.parametrize("focal_px", [300.0, 900.0])
def test_depthpro_recovers_a_plane(focal_px):
    depth = (1.5 + np.arange(64, dtype=np.float32) / 40)[None, :].repeat(48, 0)
    canonical = focal_px / (depth * 64)
    np.testing.assert_allclose(metric_depth(canonical, focal_px, 48, 64), depth, rtol=1e-5)
    flat = np.full((16, 16), focal_px / (2.5 * 64), np.float32)
    np.testing.assert_allclose(metric_depth(flat, focal_px, 48, 64), 2.5, rtol=1e-5)


def test_depthpro_knows_no_depth_of_the_sky():
    canonical = np.array([[0, 1e-9], [0.1, 0.2]], np.float32)
    assert np.isnan(metric_depth(canonical, 2.0, 2, 2)).tolist() == [[True, True], [False, False]]


def test_focal_length_from_field_of_view():
    assert focal_from_fov(90.0, 640) == pytest.approx(320)
    for fov_deg in (None, 0.0, FOV_DEG[0] - 1, FOV_DEG[1] + 1, 180.0, float("nan")):
        assert focal_from_fov(fov_deg, 640) is None


@given(st.integers(0, 2**32 - 1), st.floats(0.01, 100), st.floats(-50, 50))
def test_disparity_in_any_unit_and_shift_is_one_depth(seed, unit, shift):
    disparity = np.random.default_rng(seed).uniform(1, 3, (20, 30)).astype(np.float32)
    depth = from_disparity(disparity)
    assert np.median(1 / depth) == pytest.approx(1, abs=1e-3)
    assert depth.max() == pytest.approx(2.5, rel=1e-3)
    order = np.argsort(disparity, axis=None)
    assert np.all(np.diff(depth.ravel()[order]) <= 1e-6)
    np.testing.assert_allclose(from_disparity((unit * disparity + shift).astype(np.float32)), depth, rtol=0.02)


def test_disparity_of_sky_and_of_nothing():
    sky = np.zeros((10, 10), np.float32)
    sky[7:] = np.linspace(1, 2, 10, dtype=np.float32)
    depth = from_disparity(sky)
    np.testing.assert_allclose(depth[:7], 2.5, rtol=1e-5)
    assert np.all(depth[7:] < 2)
    assert np.all(from_disparity(np.full((4, 4), 3, np.float32)) == 1)
    assert np.isnan(from_disparity(np.full((4, 4), np.nan, np.float32))).all()
    holes = from_disparity(np.array([[np.nan, 1.0], [2.0, 3.0]], np.float32))
    assert np.isnan(holes).sum() == 1
