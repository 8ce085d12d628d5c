"""Checkpoints of the SAM family with random weights, small enough for a test: model and image processor."""

import json
from pathlib import Path
from typing import Any

import torch
import transformers
from transformers.models.sam.image_processing_pil_sam import SamImageProcessorPil

SIDE = 64
DECODER = {
    "hidden_size": 32,
    "mlp_dim": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "iou_head_hidden_dim": 16,
}
PROMPTS = {"hidden_size": 32, "image_size": SIDE, "patch_size": 8, "mask_input_channels": 4}


def build_sam(folder: Path, *, hq: bool = False) -> Path:
    """SAM, or SAM-HQ, that sees images at 64 x 64 pixels and draws masks at 32 x 32."""
    vision: dict[str, Any] = {
        "hidden_size": 32, "output_channels": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "image_size": SIDE,
        "patch_size": 8, "window_size": 4, "global_attn_indexes": [0, 1], "num_pos_feats": 16, "mlp_dim": 32,
        "initializer_range": 0.02,
    }  # fmt: skip
    decoder = {**DECODER, "vit_dim": 32} if hq else DECODER
    family = transformers.SamHQConfig if hq else transformers.SamConfig
    config = family(vision_config=vision, prompt_encoder_config=PROMPTS, mask_decoder_config=decoder)
    torch.manual_seed(0)
    (transformers.SamHQModel if hq else transformers.SamModel)(config).save_pretrained(folder)
    processor = SamImageProcessorPil(size={"longest_edge": SIDE}, pad_size={"height": SIDE, "width": SIDE})
    processor.save_pretrained(folder)
    return folder


def build_sam2(folder: Path, *, video: bool = False) -> Path:
    """SAM 2, or with `video` the model with a memory, the kind that the hub's image weights call themselves."""
    backbone = transformers.Sam2HieraDetConfig(
        hidden_size=8, num_attention_heads=1, image_size=[SIDE, SIDE], blocks_per_stage=[1, 1, 2, 1],
        embed_dim_per_stage=[8, 16, 32, 64], num_attention_heads_per_stage=[1, 1, 1, 1],
        window_size_per_stage=[8, 8, 8, 8], global_attention_blocks=[3],
        window_positional_embedding_background_size=[8, 8],
    )  # fmt: skip
    vision = transformers.Sam2VisionConfig(
        backbone_config=backbone, backbone_channel_list=[64, 32, 16, 8], fpn_hidden_size=32,
        backbone_feature_sizes=[[16, 16], [8, 8], [4, 4]],
    )  # fmt: skip
    parts = {
        "vision_config": vision,
        "prompt_encoder_config": {**PROMPTS, "patch_size": 16},
        "mask_decoder_config": DECODER,
    }
    torch.manual_seed(0)
    if video:
        config = transformers.Sam2VideoConfig(
            **parts, image_size=SIDE, memory_attention_hidden_size=32, memory_attention_num_layers=1,
            memory_attention_feed_forward_hidden_size=32, memory_encoder_hidden_size=32,
            memory_encoder_output_channels=16, memory_fuser_num_layers=1, memory_fuser_embed_dim=32,
            memory_fuser_intermediate_dim=32, mask_downsampler_embed_dim=32,
        )  # fmt: skip
        transformers.Sam2VideoModel(config).save_pretrained(folder)
    else:
        transformers.Sam2Model(transformers.Sam2Config(**parts)).save_pretrained(folder)
    size = {"height": SIDE, "width": SIDE}
    processor = {
        "image_processor_type": "Sam2ImageProcessorFast",
        "size": size,
        "mask_size": {"height": 16, "width": 16},
    }
    (folder / "preprocessor_config.json").write_text(json.dumps(processor))
    return folder
