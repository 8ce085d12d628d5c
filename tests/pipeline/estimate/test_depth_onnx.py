"""Depth by an ONNX file, tried on files of one or two operations whose output is known."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from onnx import TensorProto, helper  # noqa: E402

from fixtures.models import depth_contract  # noqa: E402
from spatialvlm.errors import ModelError, UserError  # noqa: E402
from spatialvlm.geometry import tight_box  # noqa: E402
from spatialvlm.models import Model, Runtime  # noqa: E402
from spatialvlm.pipeline.estimate.depth import load_depth  # noqa: E402
from spatialvlm.pipeline.estimate.depth.disparity import SHIFT_ERROR  # noqa: E402
from spatialvlm.records import Instance  # noqa: E402

RUNTIME = Runtime(device="cpu", batch_size=4)
ABOUT = {
    "size": {"shorter_side": 28, "multiple_of": 14},
    "mean": [0.0, 0.0, 0.0],
    "std": [1.0, 1.0, 1.0],
    "output": "depth_m",
    "errors": {"scale": 0.3, "local": 0.1, "source": "a test"},
}


def saved(
    folder: Path, shape: list, kind: int = TensorProto.FLOAT, keepdims: int = 1, inputs: int = 1, **about
) -> Model:
    """A file whose output is the mean of an image's colours plus 0.1, and its description."""
    axis = 1 if shape[1] == 3 else 3
    half = np.float16 if kind == TensorProto.FLOAT16 else np.float32
    nodes = [
        helper.make_node("ReduceMean", ["image", "axes"], ["grey"], keepdims=keepdims),
        helper.make_node("Add", ["grey", "offset"], ["depth"]),
    ]
    constants = [
        helper.make_tensor("axes", TensorProto.INT64, [1], [axis]),
        onnx.numpy_helper.from_array(np.array(0.1, half), "offset"),
    ]
    takes = [helper.make_tensor_value_info(name, kind, shape) for name in ("image", "focal")[:inputs]]
    gives = [helper.make_tensor_value_info("depth", kind, None)]
    graph = helper.make_graph(nodes, "grey", takes, gives, constants)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    path = folder / "depth.onnx"
    onnx.save(made, path)
    (folder / "depth.json").write_text(json.dumps(ABOUT | about))
    return Model("onnx", str(path))


DYNAMIC = ["n", 3, "h", "w"]


def test_a_network_of_rooms_knows_no_metres_in_a_street(tmp_path):
    model = load_depth(saved(tmp_path, DYNAMIC, indoor=True), RUNTIME)
    plain = depth_contract.frame(40, 50, 0)
    mask = np.ones((40, 50), bool)
    shown = [replace(plain, instances=(Instance("1", (name,), tight_box(mask), mask),)) for name in ("chair", "Car")]
    assert [one.invariance for one in model([plain, *shown])] == ["metric", "metric", "scale_invariant"]


@pytest.mark.parametrize(
    ("output", "invariance"),
    [("depth_m", "metric"), ("inverse_depth", "scale_invariant"), ("disparity", "affine_invariant")],
)
def test_promises(tmp_path, output, invariance):
    depth_contract.check_promises(load_depth(saved(tmp_path, DYNAMIC, output=output), RUNTIME), invariance)


@pytest.mark.parametrize(
    ("shape", "size"),
    [
        ([1, 3, 28, 42], [28, 42]),
        ([2, 3, 28, 42], [28, 42]),
        (["n", "h", "w", 3], [28, 42]),
        (["n", "h", "w", 3], {"shorter_side": 28, "multiple_of": 14}),
        ([1, 28, 42, 3], [28, 42]),
    ],
)
@pytest.mark.parametrize("keepdims", [0, 1])
def test_layouts_and_fixed_sizes(tmp_path, shape, size, keepdims):
    model = load_depth(saved(tmp_path, shape, keepdims=keepdims, size=size), RUNTIME)
    depth_contract.check_promises(model, "metric")
    reference = load_depth(saved(tmp_path, DYNAMIC, size=size), RUNTIME)
    depth_contract.same(model(depth_contract.FRAMES), reference(depth_contract.FRAMES))


def test_half_precision_input(tmp_path):
    model = load_depth(saved(tmp_path, DYNAMIC, kind=TensorProto.FLOAT16), RUNTIME)
    depth_contract.check_promises(model, "metric")


def test_depth_is_what_the_file_says_of_the_prepared_image(tmp_path):
    image = np.full((40, 60, 3), 51, np.uint8)
    frame = depth_contract.Frame("grey", image, None, None, None, None, depth_contract.Source("test"))
    about = {"mean": [0.1, 0.1, 0.1], "std": [0.5, 0.5, 0.5]}
    (metric,) = load_depth(saved(tmp_path, DYNAMIC, **about), RUNTIME)([frame])
    np.testing.assert_allclose(metric.depth, (0.2 - 0.1) / 0.5 + 0.1, rtol=1e-5)
    (inverse,) = load_depth(saved(tmp_path, DYNAMIC, output="inverse_depth", **about), RUNTIME)([frame])
    np.testing.assert_allclose(inverse.depth, 1 / 0.3, rtol=1e-5)


@pytest.mark.parametrize("size", [(48, 64), (100, 60), (240, 320)])
def test_pixels_keep_their_places(tmp_path, size):
    ramp = np.linspace(100, 200, size[1])[None, :].repeat(size[0], 0)
    image = np.repeat(ramp[:, :, None], 3, axis=2).round().astype(np.uint8)
    frame = depth_contract.Frame("ramp", image, None, None, None, None, depth_contract.Source("test"))
    (found,) = load_depth(saved(tmp_path, DYNAMIC), RUNTIME)([frame])
    inner = (slice(None), slice(size[1] // 8, -size[1] // 8))
    np.testing.assert_allclose(((found.depth - 0.1) * 255)[inner], ramp[inner], atol=1.0)


def test_memory_that_runs_out_halves_the_batch(tmp_path, monkeypatch):
    states = pytest.importorskip("onnxruntime.capi.onnxruntime_pybind11_state")
    model = load_depth(saved(tmp_path, DYNAMIC, size=[28, 28]), RUNTIME)
    expected = model(depth_contract.FRAMES)
    real = model._session  # pyright: ignore[reportAttributeAccessIssue]
    seen = []

    class Small:
        get_outputs = real.get_outputs

        def run(self, names, feed):
            seen.append(len(feed["image"]))
            if len(feed["image"]) > 1:
                raise states.RuntimeException("Failed to allocate memory for requested buffer of size 1")
            return real.run(names, feed)

    monkeypatch.setattr(model, "_session", Small())
    depth_contract.same(model(depth_contract.FRAMES), expected)
    assert seen[:3] == [4, 2, 1]


def test_other_failures_are_of_the_model(tmp_path, monkeypatch):
    states = pytest.importorskip("onnxruntime.capi.onnxruntime_pybind11_state")
    model = load_depth(saved(tmp_path, DYNAMIC), RUNTIME)
    real = model._session  # pyright: ignore[reportAttributeAccessIssue]

    class Broken:
        get_outputs = real.get_outputs

        def run(self, names, feed):
            raise states.RuntimeException("node Add: shapes differ")

    monkeypatch.setattr(model, "_session", Broken())
    with pytest.raises(ModelError, match="shapes differ"):
        model(depth_contract.FRAMES)


def test_missing_description_shows_an_example(tmp_path):
    model = saved(tmp_path, DYNAMIC)
    (tmp_path / "depth.json").unlink()
    with pytest.raises(UserError, match=r'depth\.json: not there.*(?s:.)*"shorter_side"'):
        load_depth(model, RUNTIME)


@pytest.mark.parametrize(
    ("about", "words"),
    [
        ({"size": [28]}, "size"),
        ({"size": {"shorter_side": 28}}, "size"),
        ({"mean": [1, 2]}, "mean"),
        ({"std": [0, 1, 1]}, "std"),
        ({"output": "depth"}, "depth_m, inverse_depth, disparity"),
        ({"errors": {}}, "scale"),
        ({"errors": {"scale": -1}}, "numbers"),
        ({"surprise": 1}, "needs the keys"),
    ],
)
def test_wrong_descriptions(tmp_path, about, words):
    with pytest.raises(UserError, match=words):
        load_depth(saved(tmp_path, DYNAMIC, **about), RUNTIME)


def test_description_that_is_no_json(tmp_path):
    model = saved(tmp_path, DYNAMIC)
    (tmp_path / "depth.json").write_text("{")
    with pytest.raises(UserError, match="no JSON"):
        load_depth(model, RUNTIME)


def test_files_that_take_something_else(tmp_path):
    with pytest.raises(UserError, match="expected one"):
        load_depth(saved(tmp_path, DYNAMIC, inputs=2), RUNTIME)
    with pytest.raises(UserError, match="takes images of"):
        load_depth(saved(tmp_path, [1, 3, 28, 42], size=[28, 28]), RUNTIME)
    (tmp_path / "depth.onnx").write_bytes(b"no model")
    with pytest.raises(UserError, match="no ONNX model"):
        load_depth(Model("onnx", str(tmp_path / "depth.onnx")), RUNTIME)


def test_weights_that_are_a_folder(tmp_path):
    saved(tmp_path, DYNAMIC)
    assert load_depth(Model("onnx", str(tmp_path)), RUNTIME)(depth_contract.FRAMES)
    (tmp_path / "other.onnx").write_bytes(b"")
    with pytest.raises(UserError, match=r"depth\.onnx, other\.onnx"):
        load_depth(Model("onnx", str(tmp_path)), RUNTIME)
    with pytest.raises(UserError, match="no such file"):
        load_depth(Model("onnx", str(tmp_path / "none.onnx")), RUNTIME)


def test_shift_of_disparity(tmp_path):
    assert load_depth(saved(tmp_path, DYNAMIC, output="disparity"), RUNTIME).errors.shift == SHIFT_ERROR
    errors = {"scale": 0, "local": 0.1, "shift": 0.2}
    assert load_depth(saved(tmp_path, DYNAMIC, output="disparity", errors=errors), RUNTIME).errors.shift == 0.2
