"""YOLOX: boxes of COCO's 80 classes from an ONNX file that YOLOX's own exporter wrote, in any of its sizes.

Frames enter; candidates leave, best first, named by their class. The exporter and the releases from 0.1.1 on want BGR
in 0..255, letterboxed into the top left corner with grey 114; the file tells the input's size. Both of its layouts are
read: raw outputs, and boxes decoded inside the network (`--decode_in_inference`).

Each image is seen six times: as it is, mirrored, and its four corners, larger. What is glimpsed in a whole image scores
by all six, so that what is small or turned away is found too, and what but one of them shows is not. What a corner
alone shows, where the context is missing, is not taken.
https://github.com/Megvii-BaseDetection/YOLOX/tree/main/demo/ONNXRuntime
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
from jaxtyping import Float32, Int64, UInt8

from spatialvlm.errors import UserError
from spatialvlm.geometry import BoxXyxy, Image
from spatialvlm.models import Model, Runtime, load_session, locate, run_session
from spatialvlm.pipeline.detect.config import DetectConfig
from spatialvlm.pipeline.detect.models.box_detectors import BoxDetector
from spatialvlm.pipeline.detect.models.candidate import Candidate
from spatialvlm.pipeline.detect.models.nms import box_iou
from spatialvlm.records import Frame

STRIDES = (8, 16, 32)
GREY = 114
FREE_SIDE = 640  # of a network that takes any size
MAX_BOXES = 300  # looked at per image, as COCO's protocol and most detectors have it
IOU_THRESHOLD = 0.65  # of two boxes of one class: YOLOX's own for COCO
GLIMPSED = 0.2  # the least score in the whole image of what other views may confirm
SAME_IOU = 0.5  # of boxes of one class in two views
CORNER = 0.7  # of the sides of the image that each of its four corners has
CLOSER = 0.8  # of its score counts what a corner shows: with less about it more is taken for what it is not
ALONE = 1.5  # times its score in the view that shows it second best a thing scores at most
CUT = 0.05  # of the corner's sides: a box that is nearer to its edge, where the image goes on, is one of a part

CLASSES = (
    "person", "bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck", "boat", "traffic light",
    "fire hydrant", "stop sign", "parking meter", "bench", "bird", "cat", "dog", "horse", "sheep", "cow",
    "elephant", "bear", "zebra", "giraffe", "backpack", "umbrella", "handbag", "tie", "suitcase", "frisbee",
    "skis", "snowboard", "ball", "kite", "baseball bat", "baseball glove", "skateboard", "surfboard",
    "tennis racket", "bottle", "wine glass", "cup", "fork", "knife", "spoon", "bowl", "banana", "apple",
    "sandwich", "orange", "broccoli", "carrot", "hot dog", "pizza", "donut", "cake", "chair", "couch",
    "potted plant", "bed", "table", "toilet", "screen", "laptop", "computer mouse", "remote control", "keyboard",
    "cell phone", "microwave", "oven", "toaster", "sink", "refrigerator", "book", "clock", "vase", "scissors",
    "teddy bear", "hair dryer", "toothbrush",
)  # fmt: skip
"""COCO's classes in COCO's order, as people would say what is annotated under them: "dining table" holds tables of all
sorts, "tv" computer screens too, a "mouse" is never an animal."""


class Yolox(BoxDetector):
    """See the module. Raises UserError for weights that cannot be had, or that are no YOLOX with COCO's classes."""

    detector, score_threshold = "boxes", 0.5
    files = "own"

    def __init__(self, model: Model, config: DetectConfig, runtime: Runtime) -> None:
        located = locate(model, self.files)
        self.name, self.version = located.name, located.version
        self._score_threshold = config.score_threshold
        self._session = load_session(located, runtime)
        self._input = self._session.get_inputs()[0]
        if self._input.type != "tensor(float)":
            raise UserError(f"weights {self.name!r}: take {self._input.type}, expected tensor(float); export them so")
        self._height, self._width = _input_size(self._input.shape, located.name)
        sides = [(stride, self._height // stride, self._width // stride) for stride in STRIDES]
        cells = np.array([(x, y, stride) for stride, h, w in sides for y in range(h) for x in range(w)], np.float32)
        self._corners, self._strides = cells[:, :2] * cells[:, 2:], cells[:, 2:]
        probe = self._run(np.full((self._height, self._width, 3), GREY, np.uint8))
        if probe.shape != (len(self._corners), 5 + len(CLASSES)):
            raise UserError(
                f"weights {located.name!r}: give outputs of shape {probe.shape}, expected "
                f"{(len(self._corners), 5 + len(CLASSES))} of a YOLOX with COCO's {len(CLASSES)} classes at "
                f"{self._width}x{self._height}; export it with YOLOX's tools/export_onnx.py"
            )
        # Decoded outputs begin with centres in pixels, which lie about their cells; raw offsets lie about zero.
        self._decoded = bool(np.abs(probe[:, :2] - self._corners).mean() < np.abs(probe[:, :2]).mean())

    def __call__(self, frames: Sequence[Frame]) -> list[list[Candidate]]:
        """Find what is in each frame. One at a time: the exported networks take one image."""
        return [self._seen_in_views(frame.image) for frame in frames]

    def _seen_in_views(self, image: Image) -> list[Candidate]:
        """Find what the whole image shows, with the score that all views give it; see the module."""
        whole = self.seen(image)
        mirrored = [_mirrored(one, image.shape[1]) for one in self.seen(np.ascontiguousarray(image[:, ::-1]))]
        looks = [look for corner in corners(*image.shape[:2]) for look in self._looked(image, corner)]
        found = [confirmed(one, mirrored, looks) for one in whole]
        rest = [one for one in mirrored if not any(_same(one, other) for other in whole)]
        found += [confirmed(one, (), looks) for one in rest]
        return sorted((one for one in found if one.score >= self._score_threshold), key=lambda one: -one.score)

    def _looked(self, image: Image, corner: tuple[slice, slice]) -> list[tuple[Candidate, bool]]:
        """Find what a corner of the image shows, and whether each is in sight as far as the image shows it."""
        rows, columns = corner
        found = []
        for one in self.seen(np.ascontiguousarray(image[rows, columns])):
            box = one.box_xyxy + np.array([columns.start, rows.start] * 2, np.float32)
            edges = np.array([columns.start, rows.start, columns.stop, rows.stop])
            inner = edges != np.array([0, 0, image.shape[1], image.shape[0]])
            margin = CUT * np.tile(edges[2:] - edges[:2], 2)
            found.append((replace(one, box_xyxy=box), not (inner & (np.abs(box - edges) < margin)).any()))
        return found

    def seen(self, image: Image) -> list[Candidate]:
        """Find what one view shows, from `GLIMPSED` on, best first."""
        boxed, scale = letterbox(image, self._height, self._width)
        outputs = self._run(boxed)
        if not self._decoded:  # offsets count from the cell's corner, in cells; sizes are logarithms of cells
            centres = outputs[:, :2] * self._strides + self._corners
            outputs = np.concatenate([centres, np.exp(outputs[:, 2:4]) * self._strides, outputs[:, 4:]], axis=1)
        boxes, scores, classes = best_boxes(outputs, min(GLIMPSED, self._score_threshold))
        height, width = image.shape[:2]
        boxes = np.clip(boxes / scale, 0, np.array([width, height, width, height])).astype(np.float32)
        solid = (boxes[:, 2:] > boxes[:, :2]).all(axis=1)
        return [
            Candidate(box, float(score), (CLASSES[kind],))
            for box, score, kind in zip(boxes[solid], scores[solid], classes[solid])
        ]

    def _run(self, image: Image) -> Float32[np.ndarray, "..."]:
        bgr = np.ascontiguousarray(image[:, :, ::-1].transpose(2, 0, 1)[None], np.float32)
        return run_session(self._session, {self._input.name: bgr}, self.name)[0][0]


def corners(height: int, width: int) -> list[tuple[slice, slice]]:
    """List the rows and columns of the four corners of an image that are looked at again."""
    high, wide = max(1, round(CORNER * height)), max(1, round(CORNER * width))
    return [
        (slice(top, top + high), slice(left, left + wide)) for top in (0, height - high) for left in (0, width - wide)
    ]


def confirmed(one: Candidate, again: Sequence[Candidate], looks: Sequence[tuple[Candidate, bool]]) -> Candidate:
    """Score a candidate by what else shows it: `again`, the mirrored image, and closer looks, which may cut it.

    A closer look counts a bit less, or half where it cuts; one witness alone is not believed. The box is that of the
    best look that shows the thing uncut, where it scores better.
    """
    near = [(look, uncut) for look, uncut in looks if _same(one, look)]
    turned = [other.score for other in again if _same(one, other)]
    others = turned + [look.score for look, _ in near]
    scored = [(max([one.score, *turned]), one)]
    scored += [(CLOSER * look.score, look) if uncut else ((one.score + look.score) / 2, one) for look, uncut in near]
    score, best = max(scored, key=lambda pair: pair[0])
    return replace(best, score=min(score, ALONE * sorted([one.score, *others])[-2] if others else 0.0))


def _same(one: Candidate, other: Candidate) -> bool:
    return one.captions == other.captions and bool(box_iou(one.box_xyxy, other.box_xyxy[None])[0] > SAME_IOU)


def _mirrored(one: Candidate, width: int) -> Candidate:
    left, top, right, bottom = one.box_xyxy
    return replace(one, box_xyxy=np.array([width - right, top, width - left, bottom], np.float32))


def letterbox(image: Image, height: int, width: int) -> tuple[UInt8[np.ndarray, "height width 3"], BoxXyxy]:
    """Scale the image into the top left corner of a grey one; returns the scale of xyxy from the image to it too.

    The scales of x and y differ by the rounding to whole pixels, which would bend boxes of long images.
    """
    ratio = min(height / image.shape[0], width / image.shape[1])
    rows, columns = (max(1, int(side * ratio)) for side in image.shape[:2])
    boxed = np.full((height, width, 3), GREY, np.uint8)
    boxed[:rows, :columns] = cv2.resize(image, (columns, rows), interpolation=cv2.INTER_LINEAR)
    return boxed, np.array([columns / image.shape[1], rows / image.shape[0]] * 2, np.float32)


def best_boxes(
    outputs: Float32[np.ndarray, "n columns"], score_threshold: float
) -> tuple[Float32[np.ndarray, "m 4"], Float32[np.ndarray, " m"], Int64[np.ndarray, " m"]]:
    """Find the boxes xyxy of the best class of each cell, their scores and classes, best first, one for each object.

    The score is objectness times the class's, as YOLOX is evaluated.
    """
    classes = outputs[:, 5:].argmax(axis=1)
    scores = outputs[:, 4] * outputs[np.arange(len(outputs)), 5 + classes]
    order = np.argsort(-scores, kind="stable")
    order = order[scores[order] >= score_threshold][:MAX_BOXES]
    half = outputs[order, 2:4] / 2
    boxes = np.concatenate([outputs[order, :2] - half, outputs[order, :2] + half], axis=1)
    scores, classes = scores[order], classes[order]
    kept: list[int] = []
    for index in range(len(boxes)):
        alike = [earlier for earlier in kept if classes[earlier] == classes[index]]
        if not (box_iou(boxes[index], boxes[alike]) > IOU_THRESHOLD).any():
            kept.append(index)
    return boxes[kept], scores[kept], classes[kept]


def _input_size(shape: Sequence[Any], name: str) -> tuple[int, int]:
    """Find the height and width that the network takes. Raises UserError where it takes no three-channel images."""
    if len(shape) != 4 or shape[1] != 3:
        raise UserError(f"weights {name!r}: take input of shape {shape}, expected [1, 3, height, width] of a YOLOX")
    height, width = (side if isinstance(side, int) else FREE_SIDE for side in shape[2:])
    return height, width
