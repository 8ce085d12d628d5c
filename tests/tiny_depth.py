"""Depth networks of the real architectures, but tiny and of random weights, saved as transformers saves them."""

from pathlib import Path

import torch
import transformers

BACKBONE = {
    "hidden_size": 16,
    "num_hidden_layers": 4,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "reshape_hidden_states": False,
}


def _enliven(model: torch.nn.Module) -> torch.nn.Module:
    """Weights so large that the output varies with the image, as that of fresh networks hardly does."""
    with torch.no_grad():
        for one in model.parameters():
            if one.ndim > 1:
                one.normal_(0, (2 / one[0].numel()) ** 0.5)
    return model


def _save(model: torch.nn.Module, processor: object, folder: Path) -> Path:
    assert sum(one.numel() for one in model.parameters()) < 1_000_000
    transformers.utils.logging.disable_progress_bar()
    model.save_pretrained(folder)  # pyright: ignore[reportCallIssue]
    processor.save_pretrained(folder)  # pyright: ignore[reportAttributeAccessIssue]
    return folder


def depth_anything(folder: Path, kind: str = "metric", max_depth: int = 20) -> Path:
    torch.manual_seed(1)
    backbone = transformers.Dinov2Config(
        **BACKBONE, image_size=70, patch_size=14, mlp_ratio=2, out_indices=[1, 2, 3, 4], apply_layernorm=True
    )
    config = transformers.DepthAnythingConfig(
        backbone_config=backbone,
        reassemble_hidden_size=16,
        neck_hidden_sizes=[8, 8, 8, 8],
        fusion_hidden_size=8,
        head_hidden_size=8,
        depth_estimation_type=kind,
        max_depth=max_depth,
    )
    model = _enliven(transformers.DepthAnythingForDepthEstimation(config))
    processor = transformers.DPTImageProcessor(
        size={"height": 70, "width": 70}, keep_aspect_ratio=True, ensure_multiple_of=14
    )
    return _save(model, processor, folder)


def dpt(folder: Path, backbone: str | None = None) -> Path:
    torch.manual_seed(2)
    shared = {"neck_hidden_sizes": [8, 8, 8, 8], "fusion_hidden_size": 8}
    if backbone == "dinov2":
        inner = transformers.Dinov2Config(
            **BACKBONE, image_size=56, patch_size=14, mlp_ratio=2, out_indices=[1, 2, 3, 4]
        )
        config = transformers.DPTConfig(backbone_config=inner, **shared)
    else:
        plain = {key: value for key, value in BACKBONE.items() if key != "reshape_hidden_states"}
        config = transformers.DPTConfig(
            **plain, **shared, image_size=64, patch_size=16, backbone_out_indices=[0, 1, 2, 3]
        )
    processor = transformers.DPTImageProcessor(size={"height": 64, "width": 64})
    return _save(_enliven(transformers.DPTForDepthEstimation(config)), processor, folder)


def glpn(folder: Path) -> Path:
    torch.manual_seed(3)
    config = transformers.GLPNConfig(
        hidden_sizes=[8, 8, 8, 8], depths=[1, 1, 1, 1], num_attention_heads=[1, 1, 1, 1], decoder_hidden_size=8
    )
    return _save(_enliven(transformers.GLPNForDepthEstimation(config)), transformers.GLPNImageProcessor(), folder)


def zoedepth(folder: Path, heads: int = 2, max_depth: float = 10.0) -> Path:
    torch.manual_seed(4)
    backbone = transformers.BeitConfig(
        **BACKBONE,
        image_size=64,
        patch_size=16,
        use_relative_position_bias=True,
        out_features=["stage1", "stage2", "stage3", "stage4"],
    )
    kinds = [
        {"n_bins": 8, "min_depth": 0.001, "max_depth": max_depth, "name": "nyu"},
        {"n_bins": 8, "min_depth": 0.001, "max_depth": 80.0, "name": "kitti"},
    ]
    config = transformers.ZoeDepthConfig(
        backbone_config=backbone,
        neck_hidden_sizes=[8, 8, 8, 8],
        fusion_hidden_size=8,
        bottleneck_features=8,
        num_relative_features=8,
        bin_embedding_dim=8,
        num_attractors=[4, 4, 2, 1],
        bin_configurations=kinds[:heads],
        num_patch_transformer_layers=4,  # the network runs 4, whatever its configuration says
        patch_transformer_hidden_size=128,
        patch_transformer_intermediate_size=32,
        patch_transformer_num_attention_heads=2,
    )
    processor = transformers.ZoeDepthImageProcessor(
        size={"height": 64, "width": 96}, keep_aspect_ratio=True, ensure_multiple_of=32
    )
    return _save(_enliven(transformers.ZoeDepthForDepthEstimation(config)), processor, folder)


def depthpro(folder: Path, fov_deg: float = 55.0, fov_head: bool = True) -> Path:
    torch.manual_seed(5)
    inner = {**BACKBONE, "model_type": "dinov2", "mlp_ratio": 2, "image_size": 32, "patch_size": 4}
    del inner["reshape_hidden_states"]
    config = transformers.DepthProConfig(
        fusion_hidden_size=16,
        patch_size=32,
        intermediate_hook_ids=[1, 0],
        intermediate_feature_dims=[8, 8],
        scaled_images_ratios=[0.5, 1.0],
        scaled_images_overlap_ratios=[0.0, 0.2],
        scaled_images_feature_dims=[8, 8],
        image_model_config=inner,
        patch_model_config=inner,
        fov_model_config=inner,
        use_fov_model=fov_head,
    )
    model = _enliven(transformers.DepthProForDepthEstimation(config))
    # Random weights would say a field of view that no camera has, and no depth that is positive.
    with torch.no_grad():
        model.head.layers[4].bias.fill_(0.3)
        if fov_head:
            model.fov_model.head.layers[-1].bias.fill_(fov_deg)
    processor = transformers.DepthProImageProcessor(size={"height": 64, "width": 64})
    return _save(model, processor, folder)
