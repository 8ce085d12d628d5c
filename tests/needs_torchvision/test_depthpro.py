"""Depth Pro, whose image processor needs torchvision."""

from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from fixtures.models import depth_contract, tiny_depth  # noqa: E402
from spatialvlm.errors import UserError  # noqa: E402
from spatialvlm.models import Model, Runtime  # noqa: E402
from spatialvlm.pipeline.estimate.depth import load_depth  # noqa: E402


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Model:
    return Model("depthpro", str(tiny_depth.depthpro(tmp_path_factory.mktemp("depthpro"))))


def test_promises(weights):
    model = load_depth(weights, Runtime(device="cpu", batch_size=4))
    depth_contract.check_promises(model, "metric")
    assert all((one.focal_px or 0) > 0 and one.focal_error > 0 for one in model(depth_contract.FRAMES))


def test_memory_that_runs_out_halves_the_batch(weights, monkeypatch):
    model = load_depth(weights, Runtime(device="cpu", batch_size=4))
    expected = model(depth_contract.FRAMES)
    network = model._network  # pyright: ignore[reportAttributeAccessIssue]
    forward, seen = network.model.forward, []

    def small(pixel_values):
        seen.append(len(pixel_values))
        if len(pixel_values) > 1:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return forward(pixel_values=pixel_values)

    monkeypatch.setattr(network.model, "forward", small)
    depth_contract.same(model(depth_contract.FRAMES), expected)
    assert max(seen) == 4


@pytest.mark.parametrize("provenance", ["calibration", "exif"])
def test_known_focal_length_sets_the_scale(weights, provenance):
    model = load_depth(weights, Runtime(device="cpu"))
    own = model([depth_contract.frame(48, 64)])[0]
    known = model([depth_contract.frame(48, 64, camera=depth_contract.camera(120.0, 64, 48, provenance))])[0]
    assert own.focal_px is not None
    assert known.focal_px is None
    np.testing.assert_allclose(known.depth, own.depth * np.float32(120 / own.focal_px), rtol=1e-3)


def test_assumed_focal_length_is_not_believed(weights):
    model = load_depth(weights, Runtime(device="cpu"))
    guessed = model([depth_contract.frame(48, 64, camera=depth_contract.camera(120.0, 64, 48, "assumed"))])
    depth_contract.same(guessed, model([depth_contract.frame(48, 64)]))


@pytest.mark.parametrize(("fov_deg", "focal_px"), [(90.0, 32.0), (53.130102, 64.0)])
def test_plane_at_a_known_depth(weights, monkeypatch, fov_deg, focal_px):
    model = load_depth(weights, Runtime(device="cpu"))
    canonical = torch.full((1, 32, 32), focal_px / (2.0 * 64))
    made = SimpleNamespace(predicted_depth=canonical, get=lambda name: torch.tensor([fov_deg]))
    monkeypatch.setattr(model._network.model, "forward", lambda pixel_values: made)  # pyright: ignore[reportAttributeAccessIssue]
    estimate = model([depth_contract.frame(48, 64)])[0]
    assert estimate.focal_px == pytest.approx(focal_px, rel=1e-5)
    np.testing.assert_allclose(estimate.depth, 2.0, rtol=1e-4)


def test_field_of_view_that_no_camera_has(tmp_path):
    model = load_depth(Model("depthpro", str(tiny_depth.depthpro(tmp_path, fov_deg=-400.0))), Runtime(device="cpu"))
    estimate = model([depth_contract.frame(48, 64)])[0]
    assert estimate.focal_px is None
    assert np.isnan(estimate.depth).all()


def test_agrees_with_transformers(weights):
    model = load_depth(weights, Runtime(device="cpu"))
    frame = depth_contract.frame(48, 64)
    network = model._network  # pyright: ignore[reportAttributeAccessIssue]
    with torch.inference_mode():
        outputs = network.model(**network.processor(images=frame.image, return_tensors="pt"))
    theirs = network.processor.post_process_depth_estimation(outputs, target_sizes=[(48, 64)])[0]
    ours = model([frame])[0]
    assert ours.focal_px == pytest.approx(float(theirs["focal_length"]), rel=1e-4)
    depth = theirs["predicted_depth"].numpy()
    near = depth < 1000
    np.testing.assert_allclose(ours.depth[near], depth[near], rtol=1e-3)


def test_weights_without_a_head_for_the_field_of_view(tmp_path):
    with pytest.raises(UserError, match="field of view"):
        load_depth(Model("depthpro", str(tiny_depth.depthpro(tmp_path, fov_head=False))), Runtime(device="cpu"))
