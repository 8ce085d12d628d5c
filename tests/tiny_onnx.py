"""Small ONNX networks with known outputs: a YOLOX whose answer is fixed, a segmenter that reads colours."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def _save(nodes, inputs, outputs, weights, path: Path) -> Path:
    graph = helper.make_graph(nodes, "tiny", inputs, outputs, weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, path)
    return path


def fixed(path: Path, answer: np.ndarray, shape=(1, 3, 64, 64), kind=TensorProto.FLOAT) -> Path:
    """A network that answers this, whatever it sees."""
    weights = [numpy_helper.from_array(answer.astype(np.float32), "answer")]
    image = helper.make_tensor_value_info("images", kind, shape)
    output = helper.make_tensor_value_info("output", TensorProto.FLOAT, answer.shape)
    return _save([helper.make_node("Identity", ["answer"], ["output"])], [image], [output], weights, path)


def reddish(path: Path, channels_last: bool, side: int | None = 65, classes: int = 21, kind: int = 15) -> Path:
    """A segmenter that takes red for one class and all else for background, surely."""
    matrix = np.zeros((3, classes), np.float32)
    matrix[:, kind] = (20, -20, -20)
    matrix = numpy_helper.from_array(matrix if channels_last else matrix.T[:, :, None, None].copy(), "matrix")
    sides = [side or "h", side or "w"]
    shape = [1, *sides, 3] if channels_last else [1, 3, *sides]
    out = [1, *sides, classes] if channels_last else [1, classes, *sides]
    node = helper.make_node("MatMul" if channels_last else "Conv", ["image", "matrix"], ["logits"])
    return _save(
        [node],
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, out)],
        [matrix],
        path,
    )
