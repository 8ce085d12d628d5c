"""floor by a segmenter: any semantic or universal one of transformers whose classes have names.

Tried: SegFormer, Mask2Former, EoMT. Classes of ADE20K ("floor, flooring"), COCO ("floor-wood", "table-merged"),
Cityscapes and others are told by their names: see `surface_classes`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np
from jaxtyping import Bool, UInt8

from spatialvlm.errors import ContractError, ModelError, UserError
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
from spatialvlm.pipeline.estimate.floor import SURFACES
from spatialvlm.pipeline.estimate.packages import in_groups
from spatialvlm.records import Frame

UNIVERSAL = (
    "EomtDinov3ForUniversalSegmentation",
    "EomtForUniversalSegmentation",
    "Mask2FormerForUniversalSegmentation",
    "MaskFormerForInstanceSegmentation",
)
"""Those that answer without a question; OneFormer wants one in words."""

LONGEST_SIDE = 1333
"""Larger images are shrunk to it: no segmenter sees more, and 150 classes at a photo's 12 megapixels take 7 GB."""

UNREAD = r"\bswin\.layernorm\."
"""The last norm of a Swin backbone: transformers 5 has it, files of 4 have not, and no head reads it."""


class Segmenter:
    """A segmenter as a FloorModel. Raises UserError for another architecture or classes without a surface."""

    files = "transformers"

    def __init__(self, model: Model, runtime: Runtime) -> None:
        located = locate(model)
        transformers = import_transformers()
        config = load_processor(transformers.AutoConfig, located)
        architecture = (config.architectures or ["none"])[0]
        self._universal = architecture in UNIVERSAL
        if not self._universal and not architecture.endswith("ForSemanticSegmentation"):
            raise UserError(
                f"weights {located.name!r}: a {architecture}; expected a ...ForSemanticSegmentation of transformers or "
                f"one of {', '.join(UNIVERSAL)}"
            )
        self._surfaces = _surfaces(config.id2label, located)
        self._processor = load_processor(transformers.AutoImageProcessor, located)
        if architecture.startswith("Eomt") and self._processor.do_pad and not self._processor.do_split_image:
            # Its padding would stay in the map of classes, and shift it.
            raise UserError(
                f"weights {located.name!r}: an EoMT that pads its images; give one for semantic segmentation"
            )
        loader = (
            transformers.AutoModelForUniversalSegmentation
            if self._universal
            else transformers.AutoModelForSemanticSegmentation
        )
        self._network = load_model(loader, located, runtime, may_lack=UNREAD)
        self.name, self.version = located.name, located.version
        self._batches = Batches(runtime.batch_size)

    def __call__(self, frames: Sequence[Frame]) -> list[Bool[np.ndarray, "h w"]]:
        """Find where each frame shows a surface to stand on."""
        # By size, because processors pad images of several sizes and do not say so when they read the masks.
        return in_groups(lambda group: self._batches(self._run, group), frames, key=lambda frame: frame.image.shape)

    def _run(self, frames: Sequence[Frame]) -> list[Bool[np.ndarray, "h w"]]:
        torch = import_torch()
        images = [_shrunk(frame.image) for frame in frames]
        sizes = [image.shape[:2] for image in images]
        inputs = {
            name: self._moved(value) for name, value in self._processor(images=images, return_tensors="pt").items()
        }
        with torch.inference_mode():
            outputs = self._network(**inputs)
            if self._universal:
                scores = (outputs.class_queries_logits, outputs.masks_queries_logits)
                maps = self._processor.post_process_semantic_segmentation(outputs, target_sizes=sizes)
            else:
                scores = (outputs.logits,)
                maps = [_argmax(logits, size) for logits, size in zip(outputs.logits, sizes, strict=True)]
        if not all(bool(part.isfinite().all()) for part in scores):
            raise ModelError(f"{self.name}: scores that are not numbers; run it in full precision (--precision full)")
        return [
            self._mask(classes.cpu().numpy(), size, frame)
            for classes, size, frame in zip(maps, sizes, frames, strict=True)
        ]

    def _moved(self, value: Any) -> Any:
        """Move a tensor to the model's device, pixels in its type; what is no tensor stays as it is."""
        torch = import_torch()
        if not isinstance(value, torch.Tensor):
            return value
        floating = torch.is_floating_point(value) and value.dim() == 4
        return value.to(self._network.device, self._network.dtype if floating else value.dtype)

    def _mask(self, classes: np.ndarray, size: tuple[int, int], frame: Frame) -> Bool[np.ndarray, "h w"]:
        if classes.shape != size:
            raise ContractError(f"classes of frame {frame.id!r}: got {classes.shape}, expected {size}")
        height, width = frame.image.shape[:2]
        mask = np.isin(classes, self._surfaces).astype(np.uint8)
        return cv2.resize(mask, (width, height), interpolation=cv2.INTER_NEAREST).astype(bool)


def surface_classes(names: Mapping[int, str]) -> dict[int, str]:
    """Find which of a segmenter's classes are surfaces to stand on.

    The first of a name's synonyms decides ("earth, ground"), in it the last word, which says what the thing is: a
    coffee table is a table, a floor lamp no floor. Names of COCO have it first and go on after a hyphen:
    "floor-other-merged". A tablecloth and a turntable are words of their own.
    """
    found = {}
    for index, name in names.items():
        words = name.partition(",")[0].split()
        if words and words[-1].lower().partition("-")[0] in SURFACES:
            found[index] = name
    return found


def _surfaces(names: Mapping[int, str], located: Located) -> list[int]:
    found = surface_classes(names)
    if not found:
        listed = ", ".join(repr(name) for name in list(names.values())[:20])
        more = f" and {len(names) - 20} more" if len(names) > 20 else ""
        raise UserError(
            f"weights {located.name!r}: none of its classes is a surface to stand on, such as 'floor' or 'table'; they "
            f"are {listed}{more}; give a segmenter of rooms or streets (ADE20K, COCO panoptic, Cityscapes)"
        )
    return sorted(found)


def _shrunk(image: UInt8[np.ndarray, "h w 3"]) -> UInt8[np.ndarray, "H W 3"]:
    height, width = image.shape[:2]
    scale = LONGEST_SIDE / max(height, width)
    if scale >= 1:
        return image
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def _argmax(logits: Any, size: tuple[int, int]) -> Any:
    """Find the class of each pixel at a size, from logits (classes, h, w) at the network's own."""
    torch = import_torch()
    resized = torch.nn.functional.interpolate(logits[None].float(), size=size, mode="bilinear", align_corners=False)
    return resized[0].argmax(dim=0)
