"""Depth networks at their real size with random weights, to measure speed where no weights can be had.

    python benchmarks/real_size_depth.py FOLDER [depth_anything_v2_small] [zoedepth_nyu_kitti] [depthpro]

writes the checkpoints asked for (without names the first), reports their parameters, and times a photograph's size on
this machine. Configurations are those of the published weights; random weights cost the same time.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from spatialvlm.models import Model, Runtime
from spatialvlm.pipeline.estimate.depth import load_depth
from spatialvlm.records import Frame, Source


def depth_anything_v2_small(folder: Path) -> int:
    """Write depth-anything/Depth-Anything-V2-Metric-Indoor-Small-hf; returns the number of parameters, 25 M."""
    import transformers

    backbone = transformers.Dinov2Config(
        hidden_size=384,
        num_attention_heads=6,
        image_size=518,
        patch_size=14,
        out_indices=[3, 6, 9, 12],  # pyright: ignore[reportCallIssue]
        apply_layernorm=True,
        reshape_hidden_states=False,
    )
    config = transformers.DepthAnythingConfig(backbone_config=backbone, depth_estimation_type="metric", max_depth=20)
    processor = transformers.DPTImageProcessor(
        size={"height": 518, "width": 518}, keep_aspect_ratio=True, ensure_multiple_of=14
    )
    return _save(transformers.DepthAnythingForDepthEstimation(config), processor, folder)


def zoedepth_nyu_kitti(folder: Path) -> int:
    """Write Intel/zoedepth-nyu-kitti, on BEiT-L; returns the number of parameters, 345 M: 1.4 GB on disk."""
    import transformers

    backbone = transformers.BeitConfig(
        image_size=384,
        num_hidden_layers=24,
        hidden_size=1024,
        intermediate_size=4096,
        num_attention_heads=16,
        use_relative_position_bias=True,
        reshape_hidden_states=False,
        out_features=["stage6", "stage12", "stage18", "stage24"],  # pyright: ignore[reportCallIssue]
    )
    config = transformers.ZoeDepthConfig(
        backbone_config=backbone,
        neck_hidden_sizes=[256, 512, 1024, 1024],
        bin_configurations=[
            {"n_bins": 64, "min_depth": 0.001, "max_depth": 10.0, "name": "nyu"},
            {"n_bins": 64, "min_depth": 0.001, "max_depth": 80.0, "name": "kitti"},
        ],
        num_patch_transformer_layers=4,
        patch_transformer_hidden_size=128,
        patch_transformer_intermediate_size=1024,
        patch_transformer_num_attention_heads=4,
    )
    processor = transformers.ZoeDepthImageProcessor(ensure_multiple_of=32)
    return _save(transformers.ZoeDepthForDepthEstimation(config), processor, folder)


def depthpro(folder: Path) -> int:
    """Write apple/DepthPro-hf, three DINOv2-L; returns the number of parameters, 952 M: 3.8 GB. Needs torchvision."""
    import transformers

    large = {
        "model_type": "dinov2",
        "image_size": 384,
        "patch_size": 16,
        "hidden_size": 1024,
        "num_hidden_layers": 24,
        "num_attention_heads": 16,
    }
    config = transformers.DepthProConfig(
        image_model_config=dict(large),
        patch_model_config=dict(large),
        fov_model_config=dict(large),
        use_fov_model=True,
    )
    return _save(transformers.DepthProForDepthEstimation(config), transformers.DepthProImageProcessor(), folder)


CHECKPOINTS: dict[str, tuple[str, Callable[[Path], int]]] = {
    "depth_anything_v2_small": ("depth_anything", depth_anything_v2_small),
    "zoedepth_nyu_kitti": ("zoedepth", zoedepth_nyu_kitti),
    "depthpro": ("depthpro", depthpro),
}
"""Checkpoints by name: the backend that runs one, and the function that writes it."""


def checkpoint(folder: Path, name: str) -> tuple[Model, int]:
    """Write a checkpoint of real size unless it is there; returns it and its number of parameters."""
    backend, write = CHECKPOINTS[name]
    count = folder / name / "parameters.txt"
    if not count.exists():
        count.parent.mkdir(parents=True, exist_ok=True)
        count.write_text(str(write(count.parent)))
    return Model(backend, str(count.parent)), int(count.read_text())


def _save(model: Any, processor: Any, folder: Path) -> int:
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return sum(one.numel() for one in model.parameters())


def seconds_per_image(model: Model, runtime: Runtime, images: int = 4) -> float:
    """Time one image of 640x480, of a full batch, after one image to warm up."""
    estimate = load_depth(model, runtime)
    image = np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8)
    frame = Frame("noise", image, None, None, None, None, Source("benchmark"))
    estimate([frame])
    start = time.perf_counter()
    estimate([frame] * images)
    return (time.perf_counter() - start) / images


def main() -> None:
    """Write, report and time the checkpoints named on the command line."""
    folder, names = Path(sys.argv[1]), sys.argv[2:] or ["depth_anything_v2_small"]
    for name in names:
        model, parameters = checkpoint(folder, name)
        print(f"{name}: {parameters / 1e6:.1f} M parameters, {seconds_per_image(model, Runtime()):.2f} s per image")


if __name__ == "__main__":
    main()
