"""The programs in examples/ do what they say, on tiny checkpoints."""

import json
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
for package in ("safetensors", "transformers", "onnx", "onnxruntime"):
    pytest.importorskip(package)

from safetensors.torch import load_file, save_file  # noqa: E402

from fixtures.models import depth_contract, tiny_depth  # noqa: E402
from spatialvlm.errors import ModelError, UserError  # noqa: E402
from spatialvlm.models import Model, Runtime  # noqa: E402
from spatialvlm.pipeline.estimate.depth import load_depth  # noqa: E402

EXAMPLES = Path(__file__).parents[1] / "examples"
RUNTIME = Runtime(device="cpu", batch_size=4)
SIZES = ((70, 70), (70, 98), (126, 70), (70, 84), (70, 98))
"""What a network of patches of 14 pixels and sides of 70 takes as it is: the backends resample in different ways."""


@pytest.fixture(scope="module")
def depth_to_onnx():
    sys.path.insert(0, str(EXAMPLES))
    import depth_to_onnx

    sys.path.remove(str(EXAMPLES))
    return depth_to_onnx


def unsaturated(folder: Path) -> Path:
    """The same checkpoint with depths between the ends of what it can say, where small differences show."""
    state = load_file(folder / "model.safetensors")
    state["head.conv3.weight"] *= 0.1
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


@pytest.mark.parametrize(("kind", "invariance"), [("metric", "metric"), ("relative", "affine_invariant")])
def test_exported_depth_is_the_depth_of_the_checkpoint(depth_to_onnx, tmp_path, kind, invariance):
    weights = unsaturated(tiny_depth.depth_anything(tmp_path / "weights", kind))
    path = tmp_path / "models" / "depth.onnx"
    depth_to_onnx.export(str(weights), path)
    original = load_depth(Model("depth_anything", str(weights)), RUNTIME)
    exported = load_depth(Model("onnx", str(path)), RUNTIME)
    frames = [depth_contract.frame(height, width, seed) for seed, (height, width) in enumerate(SIZES)]
    estimates = exported(frames)
    depth_contract.same(estimates, original(frames), tolerance=1e-3)
    assert np.ptp(estimates[0].depth) > 0.01
    assert {estimate.invariance for estimate in estimates} == {invariance}
    assert exported.errors == original.errors
    depth_contract.check_promises(exported, invariance)


def test_other_networks_are_refused(depth_to_onnx, tmp_path):
    weights = tiny_depth.glpn(tmp_path / "weights")
    with pytest.raises(UserError, match="expected depth_anything"):
        depth_to_onnx.export(str(weights), tmp_path / "depth.onnx")
    with pytest.raises(UserError, match="no such file or folder"):
        depth_to_onnx.export("./missing", tmp_path / "depth.onnx")
    assert not list(tmp_path.glob("depth.*"))


def test_a_wrong_export_is_noticed(depth_to_onnx, tmp_path, monkeypatch):
    weights = tiny_depth.depth_anything(tmp_path / "weights")
    forward = depth_to_onnx.AnySize.forward
    monkeypatch.setattr(depth_to_onnx.AnySize, "forward", lambda *given: forward(*given) * 1.01)
    with pytest.raises(ModelError, match="is not the network that was exported"):
        depth_to_onnx.export(str(weights), tmp_path / "depth.onnx")
    assert not (tmp_path / "depth.json").exists()


def test_it_runs_as_a_program(tmp_path, monkeypatch):
    weights = tiny_depth.depth_anything(tmp_path / "weights")
    program = EXAMPLES / "depth_to_onnx.py"
    monkeypatch.setattr(sys, "argv", [program.name, str(weights), str(tmp_path / "depth.onnx")])
    runpy.run_path(str(program), run_name="__main__")
    assert json.loads((tmp_path / "depth.json").read_text())["size"] == {"shorter_side": 70, "multiple_of": 14}
