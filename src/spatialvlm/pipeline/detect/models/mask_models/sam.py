"""Masks of the objects in boxes: the SAM family (SAM, SAM-HQ, SAM 2 and 2.1, EdgeTAM, SAM 3's tracker) by transformers.

Enters: frames with candidates. Leaves: one mask of the image's size per candidate. An image is encoded once, its boxes
are decoded a few at a time. Of the masks that SAM can make of a prompt the single one is taken: the authors advise it
for prompts that are not ambiguous, as boxes are.
https://arxiv.org/abs/2304.02643, https://github.com/facebookresearch/segment-anything (SamPredictor.predict)
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Bool, Float32, UInt8

from spatialvlm.geometry import Mask
from spatialvlm.models import (
    Batches,
    Model,
    Runtime,
    import_torch,
    import_transformers,
    load_model,
    load_processor,
    locate,
)
from spatialvlm.pipeline.detect.models.candidate import Candidate
from spatialvlm.pipeline.detect.models.padding import pad_to_aspect
from spatialvlm.records import Frame

BOXES_AT_ONCE = 8
"""Masks are enlarged to the image before they are cut off at 0: 50 MB each for a photo of 12 megapixels."""

TIED = r"prompt_encoder\.shared_embedding\.positional_embedding$"
"""The same matrix as the image embedding. Files of transformers 4 may hold it once, and 5 draws the other at random."""
TIE_THEMSELVES = ("sam", "sam_hq")


class Sam:
    """See the module. Raises UserError for weights of another family, or where torchvision is missing."""

    files = "transformers"
    cuts_parts = False

    def __init__(self, model: Model, runtime: Runtime) -> None:
        transformers = import_transformers()
        located = locate(model)
        self.name, self.version = located.name, located.version
        self._model = load_model(transformers.AutoModelForMaskGeneration, located, runtime, may_lack=TIED)
        if self._model.config.model_type not in TIE_THEMSELVES:
            embedding = self._model.shared_image_embedding.positional_embedding
            self._model.prompt_encoder.shared_embedding.positional_embedding = embedding
        self._images = load_processor(import_transformers().AutoImageProcessor, located)
        self._batches = Batches(runtime.batch_size)

    def __call__(self, frames: Sequence[Frame], candidates: Sequence[Sequence[Candidate]]) -> list[list[Mask]]:
        """Make the masks of each frame's candidates. A frame without candidates costs nothing."""
        asked = [i for i, some in enumerate(candidates) if some]
        boxes = {i: np.stack([candidate.box_xyxy for candidate in candidates[i]]) for i in asked}
        made = self._batches(self._segment, [(frames[i].image, boxes[i]) for i in asked])
        masks = dict(zip(asked, made, strict=True))
        return [masks.get(i, []) for i in range(len(frames))]

    def _segment(
        self, asked: Sequence[tuple[UInt8[np.ndarray, "_ _ 3"], Float32[np.ndarray, "_ 4"]]]
    ) -> list[list[Bool[np.ndarray, "_ _"]]]:
        """Make the masks of images with boxes."""
        torch, model = import_torch(), self._model
        images = [pad_to_aspect(image) for image, _ in asked]
        seen = self._images(images=images, input_data_format="channels_last", return_tensors="pt")
        pixels = seen["pixel_values"].to(model.device, model.dtype)
        # SAM keeps the aspect ratio and pads to a square; the later ones stretch the image to the whole square.
        pads = "reshaped_input_sizes" in seen
        sizes = seen["reshaped_input_sizes"].tolist() if pads else [list(pixels.shape[-2:])] * len(images)
        masks = []
        with torch.inference_mode():
            encoded = model.get_image_embeddings(pixels)
            for i, (image, boxes) in enumerate(asked):
                height, width = image.shape[:2]
                scale = np.array(sizes[i][::-1] * 2) / np.array(images[i].shape[1::-1] * 2)
                own: list[np.ndarray] = []
                for start in range(0, len(boxes), BOXES_AT_ONCE):
                    prompts = torch.from_numpy((boxes[start : start + BOXES_AT_ONCE] * scale).astype(np.float32))
                    prompts = prompts[None].to(model.device)
                    out = model(input_boxes=prompts, multimask_output=False, **self._of_image(encoded, i))
                    sized = [[images[i].shape[:2]], [sizes[i]]] if pads else [[images[i].shape[:2]]]
                    (drawn,) = self._images.post_process_masks([out.pred_masks[0, :, :1].float()], *sized)
                    own += list(drawn[:, 0, :height, :width].cpu().numpy())
                masks.append(own)
        return masks

    def _of_image(self, encoded: Any, i: int) -> dict[str, Any]:
        """Pick the arguments that hand one image's embeddings of a batch to the decoder."""
        own = slice(i, i + 1)
        if self._model.config.model_type == "sam_hq":
            last, between = encoded
            return {"image_embeddings": last[own], "intermediate_embeddings": [level[own] for level in between]}
        several = isinstance(encoded, (list, tuple))
        return {"image_embeddings": [level[own] for level in encoded] if several else encoded[own]}
