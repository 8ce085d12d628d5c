"""CLIP and SigLIP networks of the real architectures, but tiny and of random weights, saved as transformers saves them.

The tokenizers read letters, so they know every label.
"""

import string
from pathlib import Path

import torch
import transformers
from tokenizers import Regex, Tokenizer, models, pre_tokenizers, processors

SIDE = 32
LENGTH = 64
LAYERS = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}

SIGLIP_TEXT = {
    **LAYERS,
    "vocab_size": 110,
    "max_position_embeddings": LENGTH,
    "projection_size": 16,
    "bos_token_id": 1,
    "eos_token_id": 1,
}


def _letters(*special: str) -> dict[str, int]:
    return {token: i for i, token in enumerate([*special, *string.printable])}


def _enliven(model: torch.nn.Module) -> torch.nn.Module:
    """Weights so large that the output varies with image and text, as that of fresh networks hardly does."""
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


def clip(folder: Path) -> Path:
    torch.manual_seed(1)
    letters = [f"{letter}{end}" for letter in string.printable[:-5] for end in ("", "</w>")]
    vocabulary = {token: i for i, token in enumerate([*letters, "<|startoftext|>", "<|endoftext|>"])}
    tokenizer = transformers.CLIPTokenizer(vocab=vocabulary, merges=[])
    ends = {"bos_token_id": tokenizer.bos_token_id, "eos_token_id": tokenizer.eos_token_id}
    config = transformers.CLIPConfig(
        text_config={**LAYERS, **ends, "vocab_size": len(vocabulary), "max_position_embeddings": LENGTH},
        vision_config={**LAYERS, "image_size": SIDE, "patch_size": 8},
        projection_dim=16,
    )
    size = {"size": {"shortest_edge": SIDE}, "crop_size": {"height": SIDE, "width": SIDE}}
    processor = transformers.CLIPProcessor(transformers.CLIPImageProcessorPil(**size), tokenizer)
    return _save(_enliven(transformers.CLIPModel(config)), processor, folder)


def _siglip_tokenizer() -> transformers.PreTrainedTokenizerFast:
    vocabulary = _letters("<pad>", "</s>", "<unk>")
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")
    tokenizer.post_processor = processors.TemplateProcessing("$A </s>", special_tokens=[("</s>", 1)])
    # On the left by itself, as that of Gemma: the text must not depend on it.
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="</s>", unk_token="<unk>", padding_side="left"
    )


def siglip(folder: Path) -> Path:
    torch.manual_seed(2)
    config = transformers.SiglipConfig(
        text_config=SIGLIP_TEXT, vision_config={**LAYERS, "image_size": SIDE, "patch_size": 8}
    )
    images = transformers.SiglipImageProcessorPil(size={"height": SIDE, "width": SIDE})
    processor = transformers.SiglipProcessor(images, _siglip_tokenizer())
    return _save(_enliven(_calm(transformers.SiglipModel(config))), processor, folder)


def siglip2_naflex(folder: Path) -> Path:
    torch.manual_seed(3)
    config = transformers.Siglip2Config(
        text_config=SIGLIP_TEXT, vision_config={**LAYERS, "num_patches": 16, "patch_size": 8}
    )
    images = transformers.Siglip2ImageProcessorPil(patch_size=8, max_num_patches=16)
    processor = transformers.Siglip2Processor(images, _siglip_tokenizer())
    return _save(_enliven(_calm(transformers.Siglip2Model(config))), processor, folder)


def _calm(model: torch.nn.Module) -> torch.nn.Module:
    """The scale and bias that published SigLIP weights have, about exp(4.7) and -16; the scale here is smaller."""
    with torch.no_grad():
        model.logit_scale.fill_(2.0)  # pyright: ignore[reportCallIssue, reportAttributeAccessIssue]
        model.logit_bias.fill_(-16.0)  # pyright: ignore[reportCallIssue, reportAttributeAccessIssue]
    return model


def bert(folder: Path) -> Path:
    """Weights of another architecture."""
    config = transformers.BertConfig(**LAYERS, vocab_size=100)
    model = transformers.BertModel(config)
    transformers.utils.logging.disable_progress_bar()
    model.save_pretrained(folder)
    return folder
