"""Export Depth Anything to ONNX, for depth on a CPU without torch (the recipe "laptop").

    python examples/depth_to_onnx.py depth-anything/Depth-Anything-V2-Metric-Indoor-Small-hf models/depth.onnx

The weights are a hub id, with @REVISION to pin it, or a local folder. Needs the extras hf and onnx, and `pip install
onnx`. Beside models/depth.onnx comes models/depth.json, which says how images are prepared, what comes out and how
wrong it is: what `spatialvlm build photos/ --model depth=onnx:models/depth.onnx` wants. The network takes images of any
size in whole patches; the description asks for what the weights were made for, 518 pixels along the shorter side.
"""

import argparse
import json
import warnings
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
from torch.nn.functional import interpolate

from spatialvlm.errors import ModelError, UserError
from spatialvlm.models import Runtime, import_transformers, load_model, load_processor, locate, parse_model
from spatialvlm.pipeline.estimate.depth import load_depth

WORST = 1e-3  # by which the exported network may differ from the original, relative to the largest depth


class AnySize(torch.nn.Module):
    """Depth Anything's head, whose own forward turns the size of the map into a constant when it is traced."""

    def __init__(self, head: Any, patch: int) -> None:
        super().__init__()
        self.head, self.patch = head, patch

    def forward(self, features: list[torch.Tensor], rows: int, columns: int) -> torch.Tensor:
        """The same layers in the same order: features of each stage to one map (n, rows * patch, columns * patch)."""
        size = (rows * self.patch, columns * self.patch)
        made = self.head.conv1(features[self.head.head_in_index])
        made = interpolate(made, size, mode="bilinear", align_corners=True)
        made = self.head.conv3(self.head.activation1(self.head.conv2(made)))
        return (self.head.activation2(made) * self.head.max_depth).squeeze(dim=1)


def export(weights: str, path: Path) -> None:
    """Write the ONNX file and its description.

    Raises UserError for weights that are no Depth Anything or cannot be had, ModelError where the export is wrong.
    """
    transformers, runtime = import_transformers(), Runtime(device="cpu", precision="full")
    model = parse_model(f"depth_anything:{weights}")
    located = locate(model)
    network = load_model(transformers.AutoModelForDepthEstimation, located, runtime)
    if network.config.model_type != "depth_anything":
        raise UserError(f"weights {weights!r}: are {network.config.model_type}, expected depth_anything")
    processor = load_processor(transformers.AutoImageProcessor, located)
    patch, side = processor.ensure_multiple_of, min(processor.size["height"], processor.size["width"])
    pixels = torch.randn(2, 3, side + patch, side, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        expected = network(pixels).predicted_depth.numpy()
    network.head = AnySize(network.head, network.config.patch_size)
    network.config.return_dict = False
    axes = {"pixels": {0: "n", 2: "height", 3: "width"}, "depth": {0: "n", 1: "height", 2: "width"}}
    path.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what tracing holds constant is tried below, at another size
        torch.onnx.export(
            network, (pixels[:1, :, :side],), path, input_names=["pixels"], output_names=["depth"],
            dynamic_axes=axes, opset_version=17, dynamo=False,
        )  # fmt: skip
    made = onnxruntime.InferenceSession(path).run(["depth"], {"pixels": pixels.numpy()})[0]
    if made.shape != expected.shape or not np.abs(made - expected).max() < WORST * np.abs(expected).max():
        raise ModelError(f"{path}: is not the network that was exported; try another release of torch or transformers")
    about = {
        "size": {"shorter_side": side, "multiple_of": patch},
        "mean": processor.image_mean,
        "std": processor.image_std,
        "output": "depth_m" if network.config.depth_estimation_type == "metric" else "disparity",
        "errors": asdict(load_depth(model, runtime).errors),
    }
    path.with_suffix(".json").write_text(json.dumps(about, indent=2) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", help="a hub id, or a local folder")
    parser.add_argument("path", type=Path, help="the .onnx file to write")
    export(**vars(parser.parse_args()))
