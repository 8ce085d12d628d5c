"""The model that is to learn: a base and its processor, loaded for training, with adapters where they are asked for."""

import os
from dataclasses import dataclass
from typing import Any

from spatialvlm.errors import UserError
from spatialvlm.models import (
    Runtime,
    import_torch,
    import_transformers,
    load_model,
    load_processor,
    locate,
    parse_model,
    torch_device,
    torch_dtype,
)
from spatialvlm.train.encoding import Encoder
from spatialvlm.train.image_grids import check_pointing
from spatialvlm.train.model_parts import image_token_id, linear_names, vision_tower
from spatialvlm.train.train_config import TrainConfig


@dataclass(slots=True)
class Learner:
    """A model that is being trained, with all that goes with it."""

    model: Any
    processor: Any
    encoder: Encoder
    half: bool
    cpu: bool


def load_learner(config: TrainConfig) -> Learner:
    """Load the base with its processor, in full precision where its weights are trained, with adapters where asked."""
    transformers = import_transformers()
    located = locate(parse_model(f"base:{config.base}"))
    runtime = Runtime(config.device, config.precision)
    half = torch_dtype(runtime, wide=True) != import_torch().float32
    device = torch_device(runtime)
    if device.type == "cuda" and device.index is None:
        device = import_torch().device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
    weights = Runtime("cpu", "half" if half and config.lora else "full")
    processor = load_processor(transformers.AutoProcessor, located)
    if not isinstance(processor, transformers.ProcessorMixin):
        raise UserError(f"base {config.base!r}: holds no processor of images and text; give weights that do")
    if config.stage == "grpo" and not getattr(processor, "chat_template", None):
        raise UserError(
            f"base {config.base!r}: has no chat template, which --stage grpo needs; train it by supervision"
        )
    model = load_model(transformers.AutoModelForImageTextToText, located, weights, wide=True)
    family = str(model.config.model_type)
    if config.evidence:
        check_pointing(family)
    encoder = Encoder(processor, family, image_token_id(model.config), config.base)
    if config.lora:
        model = _with_adapters(model, config)
    return Learner(model.to(device), processor, encoder, half, device.type == "cpu")


def _with_adapters(model: Any, config: TrainConfig) -> Any:
    """Put adapters on the language model and what joins it to the tower; the tower is trained whole, or not at all."""
    from peft import LoraConfig, get_peft_model  # pyright: ignore[reportMissingImports]

    import_torch().manual_seed(config.seed)
    whole = [vision_tower(model)[0]] if config.vision == "trained" else None
    settings = LoraConfig(
        r=config.lora, lora_alpha=2 * config.lora, target_modules=linear_names(model), modules_to_save=whole
    )
    adapted = get_peft_model(model, settings)
    for weight in adapted.parameters():
        if weight.requires_grad:  # small steps would be lost in half precision
            weight.data = weight.data.float()
    return adapted
