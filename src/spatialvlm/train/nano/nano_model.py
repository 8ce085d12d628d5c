"""The nano model: an Idefics3 of a few million weights, made from its configuration, and its processor.

A picture is drawn into a square of 256 pixels: 16 by 16 patches, of which two by two are a token of the language model.
"""

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from spatialvlm.errors import UserError
from spatialvlm.models import import_torch, import_transformers
from spatialvlm.train.nano.nano_tokenizer import CHAT, IMAGE

IMAGE_PX, PATCH_PX, MERGED = 256, 16, 2
IMAGE_TOKENS = (IMAGE_PX // PATCH_PX // MERGED) ** 2
VISION: dict[str, Any] = {
    "hidden_size": 192,
    "intermediate_size": 768,
    "num_hidden_layers": 5,
    "num_attention_heads": 6,
    "image_size": IMAGE_PX,
    "patch_size": PATCH_PX,
}
TEXT: dict[str, Any] = {
    "hidden_size": 192,
    "intermediate_size": 512,
    "num_hidden_layers": 8,
    "num_attention_heads": 6,
    "num_key_value_heads": 6,
    "max_position_embeddings": 2048,
    "tie_word_embeddings": False,
}


def vision_config() -> Any:
    """Return the configuration of the vision tower."""
    import_transformers()
    from transformers.models.idefics3.configuration_idefics3 import Idefics3VisionConfig  # pyright: ignore

    return Idefics3VisionConfig(**VISION)


def new_tower(seed: int = 0) -> Any:
    """Make the vision tower alone, with fresh weights."""
    config = vision_config()
    from transformers.models.idefics3.modeling_idefics3 import Idefics3VisionTransformer  # pyright: ignore

    import_torch().manual_seed(seed)
    return Idefics3VisionTransformer(config)


def new_model(tokenizer: Any, seed: int = 0) -> Any:
    """Make the model with fresh weights.

    Embeddings have a standard deviation of 1, as what Muon makes of the layers would drown the usual 0.02; the output
    layer begins at 0, and the connector as the mean of the patches that it joins.
    """
    transformers = import_transformers()
    text = transformers.LlamaConfig(
        **TEXT,
        vocab_size=-(-len(tokenizer) // 64) * 64,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    config = transformers.Idefics3Config(
        vision_config=VISION,
        text_config=text,
        scale_factor=MERGED,
        image_token_id=tokenizer.convert_tokens_to_ids(IMAGE),
        pad_token_id=tokenizer.pad_token_id,
        tie_word_embeddings=False,
    )
    torch = import_torch()
    torch.manual_seed(seed)
    model = transformers.Idefics3ForConditionalGeneration(config)
    join = model.model.connector.modality_projection.proj.weight
    torch.nn.init.normal_(model.model.text_model.embed_tokens.weight)
    torch.nn.init.zeros_(model.lm_head.weight)
    torch.nn.init.normal_(join, std=0.002)
    if VISION["hidden_size"] == TEXT["hidden_size"]:
        with torch.no_grad():
            join += torch.eye(TEXT["hidden_size"]).repeat(1, MERGED**2) / MERGED**2
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.generation_config.pad_token_id = tokenizer.pad_token_id
    return model


def know_words(model: Any, tokenizer: Any, looks: Mapping[str, Any]) -> None:
    """Let the embedding of each word that is one token begin as the direction of the patches that show it."""
    embedding = model.model.text_model.embed_tokens.weight
    torch = import_torch()
    with torch.no_grad():
        mean = torch.stack([*looks.values()]).mean(0) if looks else 0.0
        for word, look in looks.items():
            ids = tokenizer(f" {word}", add_special_tokens=False)["input_ids"]
            if len(ids) == 1:
                embedding[ids[0]] = torch.nn.functional.normalize(look - mean, dim=0) * len(look) ** 0.5


def add_layers(model: Any, count: int = TEXT["num_hidden_layers"]) -> None:
    """Put language layers that change nothing yet behind those that a model has, up to `count`."""
    torch, text = import_torch(), model.model.text_model
    for place in range(len(text.layers), count):
        layer = type(text.layers[0])(text.config, place)
        torch.nn.init.zeros_(layer.self_attn.o_proj.weight)
        torch.nn.init.zeros_(layer.mlp.down_proj.weight)
        text.layers.append(layer)
    text.config.num_hidden_layers = model.config.text_config.num_hidden_layers = len(text.layers)


def look_alike(model: Any, layer: int, heads: int) -> None:
    """Let the first heads of a layer begin with queries like keys, so that a token looks at what is like it."""
    torch, attention = import_torch(), model.model.text_model.layers[layer].self_attn
    rows = heads * attention.head_dim
    with torch.no_grad():
        queries = torch.randn(rows, attention.q_proj.in_features) * 1.5 * attention.q_proj.in_features**-0.5
        attention.q_proj.weight[:rows] = queries
        attention.k_proj.weight[:rows] = queries


def image_processor() -> Any:
    """Make what turns pictures of any size into the model's pixels."""
    import_transformers()
    from transformers.models.idefics3.image_processing_pil_idefics3 import Idefics3ImageProcessorPil  # pyright: ignore

    side = {"longest_edge": IMAGE_PX}
    return Idefics3ImageProcessorPil(size=side, max_image_size=side, do_image_splitting=False)


def new_processor(tokenizer: Any) -> Any:
    """Make the processor of pictures and text."""
    transformers = import_transformers()
    return transformers.Idefics3Processor(image_processor(), tokenizer, image_seq_len=IMAGE_TOKENS, chat_template=CHAT)


def read_nano(folder: Path) -> Any:
    """Read a checkpoint that `save_nano` wrote, to train it on. Raises UserError where there is none."""
    if not (folder / "config.json").is_file():
        raise UserError(f"model {str(folder)!r}: no checkpoint; expected the folder `model` of an earlier stage")
    transformers, torch = import_transformers(), import_torch()
    return transformers.Idefics3ForConditionalGeneration.from_pretrained(
        folder, local_files_only=True, dtype=torch.float32
    )


def save_nano(model: Any, processor: Any, folder: Path) -> None:
    """Write model and processor as a checkpoint that transformers' Auto classes load, in half precision."""
    copy.deepcopy(model).to(import_torch().bfloat16).save_pretrained(folder)
    processor.save_pretrained(folder)
