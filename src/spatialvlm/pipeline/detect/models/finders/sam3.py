"""Boxes and masks of what prompts name, by one model: SAM 3 through transformers.

Enters: frames and DetectConfig.prompts, each prompt a concept ("red mug"). Leaves: candidates with masks, each named
by its prompt. A prompt is embedded once, when the model is loaded; an image is encoded once and then asked for the
prompts, as many at a time as the runtime's `batch_size`. The score is the probability of an instance times that of the
concept being in the image at all. Masks come small and are enlarged to the image only where `suppress_boxes` keeps the
box: each takes 12 MB for a photo of 12 megapixels.
https://arxiv.org/abs/2511.16719, https://huggingface.co/docs/transformers/model_doc/sam3
"""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Bool, Float32, UInt8

from spatialvlm.errors import ModelError, UserError
from spatialvlm.models import (
    Batches,
    Located,
    Model,
    Runtime,
    import_torch,
    import_transformers,
    load_model,
    load_processor,
    locate,
)
from spatialvlm.pipeline.detect import DetectConfig
from spatialvlm.pipeline.detect.models.finders import Candidate
from spatialvlm.pipeline.detect.models.suppress import suppress_boxes
from spatialvlm.records import Frame

KINDS = ("sam3", "sam3_video")
"""The weights on the hub hold a tracker for videos as well, and call themselves by it; the image model is a part."""

Found = tuple[Float32[np.ndarray, " n"], Float32[np.ndarray, "n 4"], Float32[np.ndarray, "n rows columns"]]
"""Of one prompt: scores, boxes xyxy as shares of the image, the masks' probabilities on a coarse grid."""


class Sam3:
    """A Finder: see the module.

    Raises UserError for weights of another architecture, prompts that are too long, or where torchvision is missing.
    """

    def __init__(self, model: Model, config: DetectConfig, runtime: Runtime) -> None:
        transformers = import_transformers()
        located = locate(model)
        self.name, self.version = located.name, located.version
        kind = _kind(located)
        if kind not in KINDS:
            raise UserError(f"weights {located.name!r}: are of {kind!r}, expected one of {', '.join(KINDS)}")
        self._images = load_processor(import_transformers().AutoImageProcessor, located)
        self._model = load_model(transformers.Sam3Model, located, runtime)
        self._prompts = tuple(dict.fromkeys(config.prompts))
        self._texts, self._mask = self._embed(located)
        self._config = config
        self._one, self._batches = Batches(1), Batches(runtime.batch_size)

    def _embed(self, located: Located) -> tuple[Any, Any]:
        """The prompts as tensors: embeddings (p, tokens, channels), and which of the tokens are words (p, tokens)."""
        torch = import_torch()
        tokenizer = load_processor(import_transformers().AutoTokenizer, located)
        most = self._model.config.text_config.max_position_embeddings
        texts = [prompt.lower() for prompt in self._prompts]
        for prompt, ids in zip(self._prompts, tokenizer(texts)["input_ids"], strict=True):
            if len(ids) > most:
                raise UserError(f"prompt {prompt!r}: {len(ids)} tokens, expected at most {most}; shorten it")
        tokens = tokenizer(texts, padding="max_length", max_length=most, return_tensors="pt").to(self._model.device)
        ids, mask = tokens["input_ids"], tokens["attention_mask"]
        with torch.inference_mode():
            return self._model.get_text_features(input_ids=ids, attention_mask=mask).pooler_output, mask

    def __call__(self, frames: Sequence[Frame]) -> list[list[Candidate]]:
        """What is in each frame, best first."""
        return self._one(lambda some: [self._find(frame.image) for frame in some], frames)

    def _find(self, image: UInt8[np.ndarray, "h w 3"]) -> list[Candidate]:
        torch, model = import_torch(), self._model
        seen = self._images(images=[image], input_data_format="channels_last", return_tensors="pt")
        with torch.inference_mode():
            vision = model.get_vision_features(pixel_values=seen["pixel_values"].to(model.device, model.dtype))
            answers = self._batches(lambda some: self._ask(vision, some), range(len(self._prompts)))
        height, width = image.shape[:2]
        limits = np.array([width, height, width, height], dtype=np.float32)
        coarse, masks = [], {}
        for prompt, (scores, boxes, probabilities) in zip(self._prompts, answers, strict=True):
            corners = np.clip(boxes * limits, 0, limits)
            for i in np.flatnonzero((corners[:, 2:] > corners[:, :2]).all(axis=1)):
                coarse.append(Candidate(corners[i], float(scores[i]), (prompt,)))
                masks[id(coarse[-1])] = probabilities[i]
        kept = suppress_boxes(coarse, self._config)
        return [
            Candidate(one.box_xyxy, one.score, one.captions, enlarged(masks[id(one)], height, width)) for one in kept
        ]

    def _ask(self, vision: Any, prompts: Sequence[int]) -> list[Found]:
        """One image's features and the prompts at these places to what scores enough of each."""
        torch, transformers = import_torch(), import_transformers()
        places = list(prompts)
        levels = tuple(level.expand(len(places), -1, -1, -1) for level in vision.fpn_hidden_states)
        positions = tuple(level.expand(len(places), -1, -1, -1) for level in vision.fpn_position_encoding)
        texts = transformers.modeling_outputs.BaseModelOutputWithPooling(pooler_output=self._texts[places])
        out = self._model(
            vision_embeds=type(vision)(fpn_hidden_states=levels, fpn_position_encoding=positions),
            text_embeds=texts,
            attention_mask=self._mask[places],
        )
        scores = out.pred_logits.float().sigmoid() * out.presence_logits.float().sigmoid()
        if torch.isnan(scores).any() or torch.isnan(out.pred_boxes).any():
            raise ModelError("a detection model made NaN instead of scores or boxes; run it with precision 'full'")
        found = []
        for i, own in enumerate(scores):
            kept = own >= self._config.least_score
            parts = (own[kept], out.pred_boxes[i, kept], out.pred_masks[i, kept].float().sigmoid())
            found.append(tuple(part.float().cpu().numpy() for part in parts))
        return found


def enlarged(
    probabilities: Float32[np.ndarray, "rows columns"], height: int, width: int
) -> Bool[np.ndarray, "{height} {width}"]:
    """A mask of the image's size: where the probability, interpolated between the centres of the grid, exceeds 0.5."""
    torch = import_torch()
    grid = torch.from_numpy(probabilities)[None, None]
    drawn = torch.nn.functional.interpolate(grid, size=(height, width), mode="bilinear", align_corners=False)
    return (drawn[0, 0] > 0.5).numpy()


def _kind(located: Located) -> str:
    """The architecture that weights say they are of: the class of SAM 3 would take any, and fill them up at random."""
    try:
        return str(json.loads((located.path / "config.json").read_text())["model_type"])
    except (OSError, ValueError, KeyError, TypeError):
        return "no known architecture"
