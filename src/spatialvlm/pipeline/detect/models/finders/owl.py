"""Boxes of what prompts name: OWL-ViT and OWLv2, through transformers.

Enters: frames and DetectConfig.prompts. Leaves: candidates, each named by one of our prompts.

A prompt is embedded once, when the model is loaded; each image patch is then one query, scored against all prompts.
Scores are lower than those of other detectors: the authors' demo keeps what scores 0.1 or more (`least_score`).
https://arxiv.org/abs/2205.06230, https://arxiv.org/abs/2306.09683
"""

from collections.abc import Sequence
from typing import Any

from spatialvlm.errors import UserError
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
from spatialvlm.pipeline.detect.models.finders.queries import to_candidates
from spatialvlm.records import Frame

KINDS = ("owlvit", "owlv2")

TEMPLATE = "a photo of a {}"
"""Among the templates that the models were trained with; https://arxiv.org/abs/2205.06230, appendix A1.4."""


class Owl:
    """A Finder: see the module. Raises UserError for weights of another architecture, and prompts that are too long."""

    def __init__(self, model: Model, config: DetectConfig, runtime: Runtime) -> None:
        transformers = import_transformers()
        located = locate(model)
        self.name, self.version = located.name, located.version
        self._model = load_model(transformers.AutoModelForZeroShotObjectDetection, located, runtime)
        kind = self._model.config.model_type
        if kind not in KINDS:
            raise UserError(f"weights {located.name!r}: are of {kind!r}, expected one of {', '.join(KINDS)}")
        # OWLv2 pads the image to a square below and on the right, OWL-ViT stretches it to one.
        self._pads = kind == "owlv2"
        self._images = load_processor(transformers.AutoImageProcessor, located)
        self._prompts = tuple(dict.fromkeys(config.prompts))
        self._queries = self._embed(self._prompts, located)
        self._least_score = config.least_score
        self._batches = Batches(runtime.batch_size)

    def _embed(self, prompts: Sequence[str], located: Located) -> Any:
        """Prompts to a tensor (1, p, channels) of their embeddings."""
        torch = import_torch()
        tokenizer = load_processor(import_transformers().AutoTokenizer, located)
        most = self._model.config.text_config.max_position_embeddings
        texts = [TEMPLATE.format(prompt.lower()) for prompt in prompts]
        for prompt, ids in zip(prompts, tokenizer(texts)["input_ids"], strict=True):
            if len(ids) > most:
                raise UserError(f"prompt {prompt!r}: {len(ids)} tokens with its template, expected at most {most}")
        tokens = tokenizer(texts, padding="max_length", max_length=most, return_tensors="pt").to(self._model.device)
        base = self._model.base_model
        with torch.inference_mode():
            out = base.get_text_features(input_ids=tokens["input_ids"], attention_mask=tokens["attention_mask"])
        return out.pooler_output[None]

    def __call__(self, frames: Sequence[Frame]) -> list[list[Candidate]]:
        """What is in each frame, best first."""
        return self._batches(self._find, frames)

    def _find(self, frames: Sequence[Frame]) -> list[list[Candidate]]:
        torch, model = import_torch(), self._model
        images = [frame.image for frame in frames]
        pixels = self._images(images=images, input_data_format="channels_last", return_tensors="pt")["pixel_values"]
        with torch.inference_mode():
            features, _ = model.image_embedder(pixel_values=pixels.to(model.device, model.dtype))
            patches = features.flatten(1, 2)
            logits, _ = model.class_predictor(patches, self._queries.expand(len(frames), -1, -1))
            boxes = model.box_predictor(patches, features).float().cpu().numpy()
            scores = logits.float().sigmoid().cpu().numpy()
        found = []
        for image, own_scores, own_boxes in zip(images, scores, boxes, strict=True):
            height, width = image.shape[:2]
            side = max(height, width)
            found.append(
                to_candidates(
                    own_scores,
                    own_boxes,
                    self._prompts,
                    seen_px=(side, side) if self._pads else (width, height),
                    image_px=(width, height),
                    least_score=self._least_score,
                )
            )
        return found
