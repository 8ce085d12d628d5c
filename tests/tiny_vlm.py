"""Vision-language models with random weights, small enough for a test: Idefics3 and LLaVA that chat, PaliGemma not."""

from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.idefics3.image_processing_pil_idefics3 import Idefics3ImageProcessorPil
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

WORDS = ("what", "is", "inside", "the", "red", "box", "?", "chair", "table", "mug", "dog", "on", "a", "wooden", "lamp")
SPECIAL = (
    "<pad>",
    "<s>",
    "</s>",
    "<unk>",
    "<image>",
    "<fake_token_around_image>",
    "<global-img>",
    "<end_of_utterance>",
)

CHAT = (
    "{% for message in messages %}{{ message['role'] }}: {% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}<image>{% else %}{{ part['text'] }}{% endif %}{% endfor %}{{ '\n' }}{% endfor %}"
    "{% if add_generation_prompt %}assistant: {% endif %}"
)

VISION = {
    "hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "image_size": 32,
    "patch_size": 8,
}  # fmt: skip


def word_tokenizer() -> transformers.PreTrainedTokenizerFast:
    """One token per word; every word that it does not know is the same one."""
    tiles = [f"<row_{row}_col_{column}>" for row in range(1, 7) for column in range(1, 7)]
    vocabulary = {word: i for i, word in enumerate((*SPECIAL, *WORDS, *tiles))}
    words = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=words, pad_token="<pad>", bos_token="<s>", eos_token="</s>", unk_token="<unk>",
        additional_special_tokens=[*SPECIAL[4:], *tiles],
    )  # fmt: skip


def text_sizes(tokenizer: Any) -> dict[str, Any]:
    return {
        "vocab_size": 128, "hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 2,
        "num_attention_heads": 2, "num_key_value_heads": 2, "pad_token_id": tokenizer.pad_token_id,
        "bos_token_id": tokenizer.bos_token_id, "eos_token_id": tokenizer.eos_token_id,
    }  # fmt: skip


def save(model: Any, processor: Any, folder: Path, tokenizer: Any) -> Path:
    """The checkpoint, with louder weights: fresh ones are so small that every image gets the same answer."""
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.ndim > 1 and "norm" not in name and "embed_tokens" not in name:
                weight *= 8
    # Words that no tokenizer knows are never said.
    model.generation_config.suppress_tokens = [*range(len(SPECIAL)), *range(len(SPECIAL) + len(WORDS), 128)]
    model.generation_config.suppress_tokens.remove(tokenizer.eos_token_id)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def build_idefics3(folder: Path) -> Path:
    """Idefics3 (the architecture of SmolVLM), which splits images into tiles of 32 x 32 pixels."""
    tokenizer = word_tokenizer()
    config = transformers.Idefics3Config(
        vision_config=VISION, text_config=transformers.LlamaConfig(**text_sizes(tokenizer)), scale_factor=2,
        image_token_id=tokenizer.convert_tokens_to_ids("<image>"), pad_token_id=tokenizer.pad_token_id,
    )  # fmt: skip
    torch.manual_seed(0)
    images = Idefics3ImageProcessorPil(size={"longest_edge": 64}, max_image_size={"longest_edge": 32})
    processor = transformers.Idefics3Processor(images, tokenizer, image_seq_len=4, chat_template=CHAT)
    return save(transformers.Idefics3ForConditionalGeneration(config), processor, folder, tokenizer)


def build_llava(folder: Path) -> Path:
    """LLaVA, which sees every image at 32 x 32 pixels."""
    tokenizer = word_tokenizer()
    config = transformers.LlavaConfig(
        vision_config=transformers.CLIPVisionConfig(**VISION), image_seq_length=16,
        text_config=transformers.LlamaConfig(**text_sizes(tokenizer)), vision_feature_select_strategy="default",
        image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
    )  # fmt: skip
    torch.manual_seed(0)
    images = CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    processor = transformers.LlavaProcessor(
        images, tokenizer, patch_size=8, vision_feature_select_strategy="default", chat_template=CHAT,
        num_additional_image_tokens=1,
    )  # fmt: skip
    return save(transformers.LlavaForConditionalGeneration(config), processor, folder, tokenizer)


def build_paligemma(folder: Path) -> Path:
    """PaliGemma, which has no chat template."""
    tokenizer = word_tokenizer()
    config = transformers.PaliGemmaConfig(
        vision_config=transformers.SiglipVisionConfig(**VISION, vision_use_head=False, projection_dim=32),
        text_config=transformers.GemmaConfig(**text_sizes(tokenizer), head_dim=16, tie_word_embeddings=False),
        projection_dim=32,
        image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
    )  # fmt: skip
    torch.manual_seed(0)
    images = SiglipImageProcessorPil(size={"height": 32, "width": 32})
    images.image_seq_length = 16
    processor = transformers.PaliGemmaProcessor(images, tokenizer)
    return save(transformers.PaliGemmaForConditionalGeneration(config), processor, folder, tokenizer)
