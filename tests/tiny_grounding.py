"""Open-vocabulary detectors with random weights, small enough for a test: model, tokenizer, image processor."""

from pathlib import Path

import torch
import transformers
from transformers.models.grounding_dino.image_processing_pil_grounding_dino import GroundingDinoImageProcessorPil
from transformers.models.owlv2.image_processing_pil_owlv2 import Owlv2ImageProcessorPil
from transformers.models.owlvit.image_processing_pil_owlvit import OwlViTImageProcessorPil

WORDS = ("a", "photo", "of", "tv", "stand", "chair", "arm", "##chair", "table", "lamp", "dog", "##s", "red", "mug")


def bert_tokenizer(words: tuple[str, ...] = WORDS) -> transformers.BertTokenizer:
    """Words beside BERT's special tokens at the ids that Grounding DINO expects: 101, 102, "." 1012, "?" 1029."""
    special = {"[PAD]": 0, "[UNK]": 100, "[CLS]": 101, "[SEP]": 102, "[MASK]": 103, ".": 1012, "?": 1029}
    vocabulary = special | {word: 104 + i for i, word in enumerate(words)}
    unused = sorted(set(range(1030)) - set(vocabulary.values()))
    vocabulary |= {f"[unused{i}]": i for i in unused}
    return transformers.BertTokenizer(vocab=dict(sorted(vocabulary.items(), key=lambda item: item[1])))


def build_grounding_dino(folder: Path, *, mm: bool = False, most_tokens: int = 256) -> Path:
    """Grounding DINO, or MM-Grounding-DINO, that sees images at 96 to 160 pixels."""
    sizes = {
        "backbone_config": transformers.SwinConfig(
            image_size=64, embed_dim=8, depths=[1, 1, 1, 1], num_heads=[1, 2, 2, 2], window_size=4,
            out_indices=[2, 3, 4], out_features=None,
        ),
        "text_config": transformers.BertConfig(
            vocab_size=1030, hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32
        ),
    }  # fmt: skip
    family = transformers.MMGroundingDinoConfig if mm else transformers.GroundingDinoConfig
    config = family(
        **sizes, d_model=32, num_queries=20, encoder_layers=1, decoder_layers=2, encoder_ffn_dim=32, decoder_ffn_dim=32,
        encoder_attention_heads=2, decoder_attention_heads=2, max_text_len=most_tokens,
    )  # fmt: skip
    torch.manual_seed(0)
    kind = transformers.MMGroundingDinoForObjectDetection if mm else transformers.GroundingDinoForObjectDetection
    kind(config).save_pretrained(folder)
    bert_tokenizer().save_pretrained(folder)
    GroundingDinoImageProcessorPil(size={"shortest_edge": 96, "longest_edge": 160}).save_pretrained(folder)
    return folder


def clip_tokenizer() -> transformers.CLIPTokenizer:
    """CLIP's byte pairs without a single merge: every letter is a token."""
    letters = [chr(i) for i in range(ord("a"), ord("z") + 1)]
    names = ["!", *letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    return transformers.CLIPTokenizer(vocab={name: i for i, name in enumerate(names)}, merges=[], pad_token="!")


def build_owl(folder: Path, *, version: int = 2) -> Path:
    """OWLv2, or OWL-ViT, with 8 x 8 patches."""
    sizes = {"hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    tokenizer = clip_tokenizer()
    ends = {"bos_token_id": tokenizer.bos_token_id, "eos_token_id": tokenizer.eos_token_id, "pad_token_id": 0}
    text = {**sizes, **ends, "vocab_size": len(tokenizer), "max_position_embeddings": 32}
    image = {**sizes, "image_size": 64, "patch_size": 8}
    family = transformers.Owlv2Config if version == 2 else transformers.OwlViTConfig
    kind = transformers.Owlv2ForObjectDetection if version == 2 else transformers.OwlViTForObjectDetection
    torch.manual_seed(0)
    model = kind(family(text_config=text, vision_config=image, projection_dim=32))
    # Fresh heads are so steep that boxes have no extent and scores are 0 or 1; trained ones are not.
    heads = (model.box_head.dense2, model.class_head.logit_shift, model.class_head.logit_scale)
    with torch.no_grad():
        for head in heads:
            head.weight *= 0.01
        model.class_head.logit_scale.bias.fill_(5.0)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    images = Owlv2ImageProcessorPil if version == 2 else OwlViTImageProcessorPil
    images(size={"height": 64, "width": 64}, crop_size={"height": 64, "width": 64}).save_pretrained(folder)
    return folder
