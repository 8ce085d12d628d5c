"""Boxes and masks of what prompts name, by one model: SAM 3 through transformers.

Enters: frames and DetectConfig.prompts, each prompt a concept ("red mug"). Leaves: candidates with masks, each named
by its prompt. A prompt is embedded once, when the model is loaded; an image is encoded once and then asked for the
prompts, as many at a time as the runtime's `batch_size`. The score is the probability of an instance times that of the
concept being in the image at all. Masks come small and are enlarged to the image only where `box_nms` keeps the box:
each takes 12 MB for a photo of 12 megapixels.
https://arxiv.org/abs/2511.16719, https://huggingface.co/docs/transformers/model_doc/sam3
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import Bool, Float32

from spatialvlm.errors import ModelError, UserError
from spatialvlm.geometry import Image
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
from spatialvlm.pipeline.detect.config import DetectConfig
from spatialvlm.pipeline.detect.models.box_detectors import BoxDetector, read_config
from spatialvlm.pipeline.detect.models.box_detectors.open_vocabulary import NAN, tokenize
from spatialvlm.pipeline.detect.models.candidate import Candidate
from spatialvlm.pipeline.detect.models.nms import box_nms
from spatialvlm.records import Frame

ARCHITECTURES = ("sam3", "sam3_video")
"""The weights on the hub hold a tracker for videos as well, and call themselves by it; the image model is a part."""

Answer = tuple[Float32[np.ndarray, " n"], Float32[np.ndarray, "n 4"], Float32[np.ndarray, "n rows columns"]]
"""Of one prompt: scores, boxes xyxy as shares of the image, the masks' probabilities on a coarse grid."""


class Sam3(BoxDetector):
    """See the module. Raises UserError for other weights, prompts that are too long, or without torchvision."""

    detector, score_threshold = "concepts", 0.5
    files = "transformers"

    def __init__(self, model: Model, config: DetectConfig, runtime: Runtime) -> None:
        transformers = import_transformers()
        located = locate(model)
        self.name, self.version = located.name, located.version
        kind = read_config(located).get("model_type", "no known architecture")
        if kind not in ARCHITECTURES:
            raise UserError(f"weights {located.name!r}: are of {kind!r}, expected one of {', '.join(ARCHITECTURES)}")
        self._images = load_processor(import_transformers().AutoImageProcessor, located)
        self._model = load_model(transformers.Sam3Model, located, runtime)
        self._prompts = tuple(dict.fromkeys(config.prompts))
        self._texts, self._mask = self._embed(located)
        self._config = config
        self._one, self._batches = Batches(1), Batches(runtime.batch_size)

    def _embed(self, located: Located) -> tuple[Any, Any]:
        """Embed the prompts (p, tokens, channels), and say which of the tokens are words (p, tokens)."""
        tokens = tokenize(self._prompts, "{}", self._model, located)
        ids, mask = tokens["input_ids"], tokens["attention_mask"]
        with import_torch().inference_mode():
            return self._model.get_text_features(input_ids=ids, attention_mask=mask).pooler_output, mask

    def __call__(self, frames: Sequence[Frame]) -> list[list[Candidate]]:
        """Find what is in each frame, best first."""
        return self._one(lambda some: [self._detect(frame.image) for frame in some], frames)

    def _detect(self, image: Image) -> list[Candidate]:
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
        kept = box_nms(coarse, self._config)
        return [replace(one, mask=enlarged(masks[id(one)], height, width)) for one in kept]

    def _ask(self, vision: Any, prompts: Sequence[int]) -> list[Answer]:
        """Ask about one image, by its features, for the prompts at these places: what scores enough of each."""
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
            raise ModelError(NAN)
        found = []
        for i, own in enumerate(scores):
            kept = own >= self._config.score_threshold
            parts = (own[kept], out.pred_boxes[i, kept], out.pred_masks[i, kept].float().sigmoid())
            found.append(tuple(part.float().cpu().numpy() for part in parts))
        return found


def enlarged(
    probabilities: Float32[np.ndarray, "rows columns"], height: int, width: int
) -> Bool[np.ndarray, "{height} {width}"]:
    """Draw a mask at the image's size where the probability, interpolated between the grid's centres, exceeds 0.5."""
    torch = import_torch()
    grid = torch.from_numpy(probabilities)[None, None]
    drawn = torch.nn.functional.interpolate(grid, size=(height, width), mode="bilinear", align_corners=False)
    return (drawn[0, 0] > 0.5).numpy()
