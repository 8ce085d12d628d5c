"""Boxes of what prompts name: Grounding DINO and MM-Grounding-DINO, through transformers.

Enters: frames and DetectConfig.prompts. Leaves: candidates, each named by one of our prompts.

The text encoder takes 256 tokens at a time, so that more prompts are asked in several texts: the image features are
computed once, the encoder and decoder that join them with a text run once per text. A prompt's score is the mean of the
probabilities of its tokens, as in the authors' evaluation on COCO: positions are known from how the text is put
together, so that no label has to be read back from words ("tv", "stand" and "tv stand" stay apart).
https://arxiv.org/abs/2303.05499, https://github.com/IDEA-Research/GroundingDINO/blob/main/demo/test_ap_on_coco.py
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float32

from spatialvlm.errors import UserError
from spatialvlm.models import Batches, Model, Runtime, import_torch, import_transformers, load_processor, locate
from spatialvlm.pipeline.detect.config import DetectConfig
from spatialvlm.pipeline.detect.models.box_detectors import BoxDetector
from spatialvlm.pipeline.detect.models.box_detectors.open_vocabulary import candidates_of, load_zero_shot
from spatialvlm.pipeline.detect.models.candidate import Candidate
from spatialvlm.pipeline.detect.models.padding import pad_to_aspect
from spatialvlm.records import Frame

ARCHITECTURES = ("grounding-dino", "mm-grounding-dino")


@dataclass(frozen=True, slots=True)
class Text:
    """Prompts that are asked together: their token ids as the model reads them, and the positions of each prompt's."""

    prompts: tuple[str, ...]
    ids: tuple[int, ...]
    positions: tuple[range, ...]


class GroundingDino(BoxDetector):
    """See the module. Raises UserError for weights of another architecture, and prompts that are no words."""

    detector, score_threshold = "grounded", 0.3
    files = "transformers"

    def __init__(self, model: Model, config: DetectConfig, runtime: Runtime) -> None:
        located = locate(model)
        self.name, self.version = located.name, located.version
        self._model, self._images = load_zero_shot(located, runtime, ARCHITECTURES)
        tokenizer = load_processor(import_transformers().AutoTokenizer, located)
        self._texts = _read(config.prompts, tokenizer, self._model.config.max_text_len)
        self._score_threshold = config.score_threshold
        self._batches = Batches(runtime.batch_size)

    def __call__(self, frames: Sequence[Frame]) -> list[list[Candidate]]:
        """Find what is in each frame, best first.

        Only images of one size run together: padding to a common size would make an image's boxes depend on its
        neighbours.
        """
        found: dict[int, list[Candidate]] = {}
        for shape in dict.fromkeys(frame.image.shape for frame in frames):
            same = [i for i, frame in enumerate(frames) if frame.image.shape == shape]
            found |= zip(same, self._batches(self._detect, [frames[i] for i in same]), strict=True)
        return [found[i] for i in range(len(frames))]

    def _detect(self, frames: Sequence[Frame]) -> list[list[Candidate]]:
        """Find what is in frames of one size."""
        torch = import_torch()
        size, threshold = frames[0].image.shape[1::-1], self._score_threshold
        images = [pad_to_aspect(frame.image) for frame in frames]
        seen = self._images(images=images, input_data_format="channels_last", return_tensors="pt")
        pixels = seen["pixel_values"].to(self._model.device, self._model.dtype)
        found: list[list[Candidate]] = [[] for _ in frames]
        with torch.inference_mode(), _answering(self._model.model.backbone, pixels):
            for text in self._texts:
                ids = torch.tensor([text.ids] * len(frames), device=pixels.device)
                out = self._model(pixel_values=pixels, input_ids=ids)
                probabilities = out.logits.float().sigmoid().cpu().numpy()
                for i, boxes in enumerate(out.pred_boxes.float().cpu().numpy()):
                    scores, seen = prompt_scores(probabilities[i], text.positions), images[i].shape[1::-1]
                    found[i] += candidates_of(scores, boxes, text.prompts, seen, size, score_threshold=threshold)
        return [sorted(some, key=lambda candidate: -candidate.score) for some in found]


@contextmanager
def _answering(backbone: Any, pixels: Any) -> Iterator[None]:
    """Let the image backbone answer, inside, with the features of these images, computed once, for every text."""
    torch = import_torch()
    whole = torch.ones((len(pixels), *pixels.shape[-2:]), dtype=torch.long, device=pixels.device)
    features = backbone(pixels, whole)
    backbone.forward = lambda *_: (list(features[0]), list(features[1]))
    try:
        yield
    finally:
        del backbone.forward


def _read(prompts: Sequence[str], tokenizer: Any, max_tokens: int) -> list[Text]:
    """Make the texts that ask for all prompts, by the model's tokenizer."""

    def tokens_of(text: str) -> list[int]:
        return list(tokenizer(text, add_special_tokens=False)["input_ids"])

    return split(prompts, tokens_of, (tokenizer.cls_token_id, tokens_of(".")[0], tokenizer.sep_token_id), max_tokens)


def split(
    prompts: Sequence[str], tokens_of: Callable[[str], list[int]], marks: tuple[int, int, int], max_tokens: int
) -> list[Text]:
    """Split prompts into as few texts as take them in order, each of at most `max_tokens` tokens.

    `marks` are the token ids that open a text, end a prompt and close a text. Raises UserError for a prompt without
    words or too long for a text of its own.
    """
    opening, end, closing = marks
    texts: list[Text] = []
    names, ids, positions = [], [opening], []
    for prompt in dict.fromkeys(prompts):
        # The model parts prompts at "." and "?", wherever they stand.
        tokens = tokens_of(re.sub(r"[.?]", " ", prompt.lower()))
        if not tokens:
            raise UserError(f"prompt {prompt!r}: has no words; expected a noun such as 'chair'")
        if len(tokens) + 3 > max_tokens:
            raise UserError(f"prompt {prompt!r}: {len(tokens)} tokens, expected at most {max_tokens - 3}; shorten it")
        if len(ids) + len(tokens) + 2 > max_tokens:
            texts.append(Text(tuple(names), (*ids, closing), tuple(positions)))
            names, ids, positions = [], [opening], []
        names.append(prompt)
        positions.append(range(len(ids), len(ids) + len(tokens)))
        ids += [*tokens, end]
    return [*texts, Text(tuple(names), (*ids, closing), tuple(positions))] if names else texts


def prompt_scores(probabilities: Float32[np.ndarray, "q t"], positions: Sequence[range]) -> Float32[np.ndarray, "q p"]:
    """Average, per query and prompt, the probabilities of the prompt's tokens, which stand at `positions`."""
    return np.stack([probabilities[:, list(own)].mean(axis=1) for own in positions], axis=1)
