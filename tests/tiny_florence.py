"""Florence-2 with random weights, small enough for a test; it writes captions and places at random."""

from pathlib import Path

import torch
import transformers
from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

WORDS = ("red", "mug", "chair", "table", "wooden", "dog", "a", "of", "on", "lamp")
SPECIAL = ("<s>", "<pad>", "</s>", "<unk>", "<mask>", "<image>")
BINS = 1000


def florence_tokenizer() -> transformers.PreTrainedTokenizerFast:
    """Words, and the places <loc_0> to <loc_999>."""
    tokens = (*SPECIAL, *WORDS)
    words = Tokenizer(models.WordLevel({token: i for i, token in enumerate(tokens)}, unk_token="<unk>"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    words.add_tokens([AddedToken(f"<loc_{i}>", normalized=False) for i in range(BINS)])
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=words, bos_token="<s>", pad_token="<pad>", eos_token="</s>", unk_token="<unk>",
        mask_token="<mask>", extra_special_tokens={"image_token": "<image>"},
    )  # fmt: skip


def build_florence(folder: Path) -> Path:
    """Florence-2 that sees images at 64 x 64 pixels."""
    tokenizer = florence_tokenizer()
    vision = {
        "depths": [1, 1, 1, 1], "embed_dim": [8, 16, 16, 32], "num_heads": [1, 2, 2, 2], "num_groups": [1, 2, 2, 2],
        "window_size": 4, "projection_dim": 32, "max_position_embeddings": 4, "max_temporal_embeddings": 2,
        "drop_path_rate": 0.0,
    }  # fmt: skip
    text = transformers.BartConfig(
        vocab_size=len(tokenizer), d_model=32, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2,
        decoder_attention_heads=2, encoder_ffn_dim=32, decoder_ffn_dim=32, max_position_embeddings=1100,
        pad_token_id=1, bos_token_id=0, eos_token_id=2, decoder_start_token_id=2, forced_eos_token_id=2,
    )  # fmt: skip
    image_token = tokenizer.convert_tokens_to_ids("<image>")
    config = transformers.Florence2Config(
        vision_config=vision, text_config=text, image_token_id=image_token, pad_token_id=1, bos_token_id=0,
        eos_token_id=2, decoder_start_token_id=2,
    )  # fmt: skip
    torch.manual_seed(0)
    model = transformers.Florence2ForConditionalGeneration(config)
    # Fresh weights are so small that every image is told the same.
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.ndim > 1 and "norm" not in name:
                weight *= 6
    settings = model.generation_config
    settings.suppress_tokens = [0, 1, 3, 4, image_token]
    settings.no_repeat_ngram_size = 1
    settings.decoder_start_token_id, settings.pad_token_id, settings.eos_token_id = 2, 1, 2
    model.save_pretrained(folder)
    images = CLIPImageProcessorPil(size={"height": 64, "width": 64}, do_center_crop=False)
    images.image_seq_length = 5  # 2 x 2 patches and their mean
    transformers.Florence2Processor(images, tokenizer).save_pretrained(folder)
    return folder
