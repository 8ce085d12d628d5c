"""Boxes of what prompts name: OWL-ViT and OWLv2, through transformers.

Enters: frames and DetectConfig.prompts. Leaves: candidates, each named by one of our prompts.

A prompt is embedded once, when the model is loaded; each image patch is then one query, scored against all prompts.
https://arxiv.org/abs/2205.06230, https://arxiv.org/abs/2306.09683
"""

from collections.abc import Sequence
from typing import Any

from spatialvlm.models import Batches, Located, Model, Runtime, import_torch, locate
from spatialvlm.pipeline.detect.config import DetectConfig
from spatialvlm.pipeline.detect.models.box_detectors import BoxDetector
from spatialvlm.pipeline.detect.models.box_detectors.open_vocabulary import candidates_of, load_zero_shot, tokenize
from spatialvlm.pipeline.detect.models.candidate import Candidate
from spatialvlm.records import Frame

ARCHITECTURES = ("owlvit", "owlv2")

TEMPLATE = "a photo of a {}"
"""Among the templates that the models were trained with; https://arxiv.org/abs/2205.06230, appendix A1.4."""


class Owl(BoxDetector):
    """See the module. Raises UserError for weights of another architecture, and prompts that are too long."""

    detector, score_threshold = "grounded", 0.1
    files = "transformers"
    """Scores are lower than those of other models: the authors' demo keeps what scores so much."""

    def __init__(self, model: Model, config: DetectConfig, runtime: Runtime) -> None:
        located = locate(model)
        self.name, self.version = located.name, located.version
        self._model, self._images = load_zero_shot(located, runtime, ARCHITECTURES)
        # OWLv2 pads the image to a square below and on the right, OWL-ViT stretches it to one.
        self._pads = self._model.config.model_type == "owlv2"
        self._prompts = tuple(dict.fromkeys(config.prompts))
        self._queries = self._embed(located)
        self._score_threshold = config.score_threshold
        self._batches = Batches(runtime.batch_size)

    def _embed(self, located: Located) -> Any:
        """Embed the prompts in a tensor (1, p, channels)."""
        tokens = tokenize(self._prompts, TEMPLATE, self._model, located)
        ids, mask = tokens["input_ids"], tokens["attention_mask"]
        with import_torch().inference_mode():
            return self._model.base_model.get_text_features(input_ids=ids, attention_mask=mask).pooler_output[None]

    def __call__(self, frames: Sequence[Frame]) -> list[list[Candidate]]:
        """Find what is in each frame, best first."""
        return self._batches(self._detect, frames)

    def _detect(self, frames: Sequence[Frame]) -> list[list[Candidate]]:
        torch, model = import_torch(), self._model
        images = [frame.image for frame in frames]
        pixels = self._images(images=images, input_data_format="channels_last", return_tensors="pt")["pixel_values"]
        with torch.inference_mode():
            features, _ = model.image_embedder(pixel_values=pixels.to(model.device, model.dtype))
            patches = features.flatten(1, 2)
            logits, _ = model.class_predictor(patches, self._queries.expand(len(frames), -1, -1))
            boxes = model.box_predictor(patches, features).float().cpu().numpy()
            scores = logits.float().sigmoid().cpu().numpy()
        found, threshold = [], self._score_threshold
        for image, own, corners in zip(images, scores, boxes, strict=True):
            size = image.shape[1::-1]
            seen = [max(size)] * 2 if self._pads else size
            found.append(candidates_of(own, corners, self._prompts, seen, size, score_threshold=threshold))
        return found
