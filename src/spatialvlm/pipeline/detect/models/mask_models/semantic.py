"""Masks from a semantic segmenter of Pascal VOC's 21 classes, an ONNX file such as DeepLab v3 on MobileNet v2.

Boxes and names enter. A name that VOC has a class for says where in the box the object may be; its edge is then found
by GrabCut, since small networks draw blobs. Where GrabCut finds something without the network too, what both take for
the object is it. Any other name, or a class that the network does not see there, is left to GrabCut alone. The network
looks at each box by itself: at 257 pixels for the whole image small objects would vanish.

Input [1, h, w, 3] or [1, 3, h, w] as x / 127.5 - 1, output logits with 21 classes on the same axis:
https://github.com/tensorflow/models/blob/master/research/deeplab/g3doc/model_zoo.md
"""

from collections.abc import Sequence
from typing import Any, ClassVar

import cv2
import numpy as np
from jaxtyping import Float32

from spatialvlm.errors import UserError
from spatialvlm.geometry import BoxXyxy, Image, Mask, spans, without_specks
from spatialvlm.models import Model, Runtime, WeightFiles, load_session, locate, run_session
from spatialvlm.pipeline.detect.models.candidate import Candidate
from spatialvlm.pipeline.detect.models.mask_models.grabcut import Likelihood, cut_box, cut_part
from spatialvlm.records import Frame

SURROUNDINGS = 0.3  # of the longer side of a box that the network sees around it
MIN_PRESENT = 0.05  # of a box that is of the class, else the network does not see it
FREE_SIDE = 513  # of a network that takes any size: what DeepLab was trained at

NAMES = (
    (), ("airplane", "plane"), ("bicycle", "bike"), ("bird",), ("boat", "ship"), ("bottle",), ("bus",),
    ("car", "van", "taxi"), ("cat",), ("chair", "armchair"), ("cow",), ("table", "desk"), ("dog",), ("horse",),
    ("motorcycle", "motorbike", "scooter"), ("person", "man", "woman", "boy", "girl", "child"),
    ("plant", "flower pot"), ("sheep",), ("couch", "sofa"), ("train",), ("screen", "television", "tv", "monitor"),
)  # fmt: skip
"""What objects of VOC's classes are called, in VOC's order: the alphabetical one of its own names, after background."""


class Semantic:
    """See the module. Raises UserError for weights that cannot be had, or are no segmenter of VOC's 21 classes."""

    files: ClassVar[WeightFiles] = "own"
    cuts_parts = True

    def __init__(self, model: Model, runtime: Runtime) -> None:
        located = locate(model, self.files)
        self.name, self.version = located.name, located.version
        self._session = load_session(located, runtime)
        self._input = self._session.get_inputs()[0]
        if self._input.type != "tensor(float)":
            raise UserError(f"weights {self.name!r}: take {self._input.type}, expected tensor(float); export them so")
        self._channels_last, self._height, self._width = _layout(self._input.shape, located.name)
        logits = self._run(np.zeros((self._height, self._width, 3), np.uint8))
        if logits.ndim != 3 or logits.shape[2] != len(NAMES):
            raise UserError(
                f"weights {located.name!r}: give outputs of shape {logits.shape} per image, expected logits of Pascal "
                f"VOC's {len(NAMES)} classes for every pixel; give a segmenter such as DeepLab v3 trained on VOC"
            )

    def __call__(self, frames: Sequence[Frame], candidates: Sequence[Sequence[Candidate]]) -> list[list[Mask]]:
        """Make the masks of each frame's candidates."""
        return [[self._segment(frame.image, one) for one in some] for frame, some in zip(frames, candidates)]

    def _segment(self, image: Image, candidate: Candidate) -> Mask:
        by_colour = cut_box(image, candidate.box_xyxy)
        kind = class_of(candidate.captions)
        if kind is None:
            return cut_part(image, candidate.box_xyxy, by_colour)
        likely = self._likely(image, candidate.box_xyxy, kind)
        x0, y0, x1, y1 = np.round(candidate.box_xyxy).astype(int)
        if np.count_nonzero(likely[y0:y1, x0:x1] > 0.5) <= MIN_PRESENT * (y1 - y0) * (x1 - x0):
            return cut_part(image, candidate.box_xyxy, by_colour)
        by_class = cut_box(image, candidate.box_xyxy, likely)
        if not (by_colour.any() and by_class.any()):
            return cut_part(image, candidate.box_xyxy, by_colour | by_class)
        # The network takes a can beside a bottle for more of it, colours take a wheel behind a dog for more of that.
        both = without_specks(by_colour & by_class)
        whole = both if spans(both, candidate.box_xyxy) else np.zeros_like(both)
        return cut_part(image, candidate.box_xyxy, whole)

    def _likely(self, image: Image, box_xyxy: BoxXyxy, kind: int) -> Likelihood:
        """Estimate how probable it is that a pixel is of a class, 0 far from the box."""
        centre, sides = (box_xyxy[:2] + box_xyxy[2:]) / 2, box_xyxy[2:] - box_xyxy[:2]
        reach = (0.5 + SURROUNDINGS) * sides.max() + 1
        low = np.floor(centre - reach).astype(int).clip(0)
        high = np.ceil(centre + reach).astype(int).clip(None, (image.shape[1], image.shape[0]))
        part = image[low[1] : high[1], low[0] : high[0]]
        shrinks = part.shape[0] > self._height or part.shape[1] > self._width
        way = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        logits = self._run(cv2.resize(part, (self._width, self._height), interpolation=way))
        odds = np.exp(logits - logits.max(axis=2, keepdims=True))
        probability = odds[:, :, kind] / odds.sum(axis=2)
        likely = np.zeros(image.shape[:2], np.float32)
        likely[low[1] : high[1], low[0] : high[0]] = cv2.resize(probability, part.shape[1::-1])
        return likely

    def _run(self, image: Image) -> Float32[np.ndarray, "..."]:
        """Compute the logits of one image of the network's size, classes last."""
        values = image[None].astype(np.float32) / 127.5 - 1
        if self._channels_last:
            return run_session(self._session, {self._input.name: values}, self.name)[0][0]
        channels_first = np.ascontiguousarray(values.transpose(0, 3, 1, 2))
        logits = run_session(self._session, {self._input.name: channels_first}, self.name)[0][0]
        return np.moveaxis(logits, 0, -1)


def class_of(captions: Sequence[str]) -> int | None:
    """Find VOC's class of the first caption that has one, by the words it ends with; None where there is none."""
    for caption in captions:
        words = caption.lower().split()
        for kind, names in enumerate(NAMES):
            if any(words[-len(name.split()) :] == name.split() for name in names):
                return kind
    return None


def _layout(shape: Sequence[Any], name: str) -> tuple[bool, int, int]:
    """Tell whether channels come last, and the height and width that the network takes."""
    if len(shape) != 4 or 3 not in (shape[1], shape[3]):
        raise UserError(f"weights {name!r}: take input of shape {shape}, expected one image of three channels")
    last = shape[3] == 3
    height, width = (side if isinstance(side, int) else FREE_SIDE for side in (shape[1:3] if last else shape[2:]))
    return last, height, width
