"""GrabCut: masks from colours alone, no weights. A mask of the whole thing is trusted or not; else a part is cut.

Boxes enter; the object in each is parted from what surrounds it by two mixtures of colours and a minimal cut (Rother et
al. 2004, https://doi.org/10.1145/1015706.1015720, as OpenCV has it). It fails where object and surroundings share
colours, and its failures look like masks. Two witnesses catch most of them: a detector's box is tight, so the object
reaches all of its sides; and a cut that the picture demands stays where it is when the box is drawn a bit larger. Where
they disagree, what both cut from the middle of the box outwards is a part of the object: where it is can be told from
that, how far it reaches from the box.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from jaxtyping import Float32, Float64, UInt8

from spatialvlm.geometry import BoxXyxy, Image, Mask, spans, without_specks
from spatialvlm.pipeline.detect.models.candidate import Candidate
from spatialvlm.records import Frame

SURROUNDINGS = 0.25  # of the box's sides are seen around it, to learn the colours of what is no part of the object
WORKING_SIDE = 160  # pixels of the longer side of box and surroundings: the cost grows with the third power
SHARP_SIDE = 480  # at which the edge is then put right
EDGE_PX = 3  # working pixels on either side of the edge that are decided again
ITERATIONS = 3  # 5 find no more and collapse to nothing more often
SURE = 0.9  # of being the object: such pixels are not for the colours to decide
LARGER = 0.06  # of its sides that the second witness's box is larger by, all around
MIN_AGREEMENT = 0.8  # of the two cuts, intersection over union
MIN_FILL, MAX_FILL = 0.1, 0.98  # of the box; what fills it all is the box
MIN_PART, PART_SPAN = 0.15, 0.4  # of the box, and of the cut's own box and the given one; less may be anything
NO_RECTANGLE = (0, 0, 0, 0)  # the labels say it all

Labels = UInt8[np.ndarray, "h w"]
Likelihood = Float32[np.ndarray, "h w"]


class GrabCut:
    """See the module."""

    name = "grabcut"
    version = f"opencv {cv2.__version__}"
    cuts_parts = True

    def __call__(self, frames: Sequence[Frame], candidates: Sequence[Sequence[Candidate]]) -> list[list[Mask]]:
        """Make the masks of each frame's candidates."""
        return [
            [cut_part(frame.image, one.box_xyxy, cut_box(frame.image, one.box_xyxy)) for one in some]
            for frame, some in zip(frames, candidates)
        ]


def cut_box(image: Image, box_xyxy: BoxXyxy, likely: Likelihood | None = None) -> Mask:
    """Make the mask of the object in a box, empty where it cannot be trusted.

    `likely` says how probable it is that a pixel is the object, where a model knows; without it the whole box is tried.
    """
    nothing = np.zeros(image.shape[:2], bool)
    mask = _cut(image, box_xyxy, likely)
    if not spans(mask, box_xyxy):
        return nothing
    if not MIN_FILL <= np.count_nonzero(mask) / (box_xyxy[2:] - box_xyxy[:2]).prod() <= MAX_FILL:
        return nothing
    margin = LARGER * (box_xyxy[2:] - box_xyxy[:2])
    witness = _cut(image, np.concatenate([box_xyxy[:2] - margin, box_xyxy[2:] + margin]), likely)
    agree = np.count_nonzero(mask & witness) >= MIN_AGREEMENT * np.count_nonzero(mask | witness)
    return mask if agree else nothing


def cut_part(image: Image, box_xyxy: BoxXyxy, whole: Mask) -> Mask:
    """Cut out what is surely of the object in a box where `whole`, its whole mask, is empty; empty where nothing is.

    The middle of a box is the object's, its corners rarely are: colours decide between. What both witnesses cut stays.
    """
    if whole.any():
        return whole
    likely = _middle(image.shape[:2], box_xyxy)
    margin = LARGER * (box_xyxy[2:] - box_xyxy[:2])
    witness = _cut(image, np.concatenate([box_xyxy[:2] - margin, box_xyxy[2:] + margin]), likely)
    mask = without_specks(_cut(image, box_xyxy, likely) & witness)
    fill = np.count_nonzero(mask) / (box_xyxy[2:] - box_xyxy[:2]).prod()
    return mask if MIN_PART <= fill <= MAX_FILL and spans(mask, box_xyxy, PART_SPAN) else whole


def _middle(shape: tuple[int, ...], box_xyxy: BoxXyxy) -> Likelihood:
    """Say how probable it is that a pixel is the object by its place in the box: 0.5 on the ellipse that touches it."""
    centre, half = (box_xyxy[:2] + box_xyxy[2:]) / 2, np.maximum(box_xyxy[2:] - box_xyxy[:2], 1.0) / 2
    across, down = ((np.arange(shape[1 - k]) + 0.5 - centre[k]) / half[k] for k in (0, 1))
    return np.clip(1.0 - (across**2 + down[:, None] ** 2) / 2.0, 0.0, 1.0).astype(np.float32)


def _cut(image: Image, box_xyxy: BoxXyxy, likely: Likelihood | None) -> Mask:
    """Cut once, not questioned: coarse and from scratch, then with the colours it learnt finely near the edge."""
    mask = np.zeros(image.shape[:2], bool)
    rows, columns = _window(box_xyxy, image.shape[:2])
    corner = np.array([columns.start, rows.start] * 2)
    part = image[rows, columns]
    small = _scaled(part, WORKING_SIDE)
    box = (box_xyxy - corner) * np.array(small.shape[1::-1] * 2) / np.array(part.shape[1::-1] * 2)
    labels = _labels(box, small.shape[:2], None if likely is None else _resized(likely[rows, columns], small.shape[:2]))
    if not _both(labels):
        return mask
    # The mixtures begin with k-means from random centres, in a generator of OpenCV's own.
    cv2.setRNGSeed(0)
    behind, ahead = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(small, labels, NO_RECTANGLE, behind, ahead, ITERATIONS, cv2.GC_INIT_WITH_MASK)
    large = _scaled(part, SHARP_SIDE)
    labels = _resized(_near_edge(labels), large.shape[:2])
    if not _both(labels):
        return mask
    cv2.grabCut(large, labels, NO_RECTANGLE, behind, ahead, 1, cv2.GC_EVAL_FREEZE_MODEL)
    inside = _resized((labels & 1).astype(np.float32), part.shape[:2]) > 0.5
    mask[rows, columns] = without_specks(inside)
    return mask


def _window(box_xyxy: BoxXyxy, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Find the rows and columns of a box and its surroundings inside the image."""
    margin = SURROUNDINGS * (box_xyxy[2:] - box_xyxy[:2]) + 1
    low = np.floor(box_xyxy[:2] - margin).astype(int).clip(0)
    high = np.ceil(box_xyxy[2:] + margin).astype(int).clip(None, (shape[1], shape[0]))
    return slice(int(low[1]), int(high[1])), slice(int(low[0]), int(high[0]))


def _labels(box_xyxy: Float64[np.ndarray, " 4"], shape: tuple[int, ...], likely: Likelihood | None) -> Labels:
    """Label what each pixel is taken for at first: surely not the object outside the box, else what is likely."""
    x, y = np.arange(shape[1]) + 0.5, np.arange(shape[0]) + 0.5
    inside = np.outer((y > box_xyxy[1]) & (y < box_xyxy[3]), (x > box_xyxy[0]) & (x < box_xyxy[2]))
    labels = np.where(inside, cv2.GC_PR_FGD, cv2.GC_BGD).astype(np.uint8)
    if likely is not None:
        labels[inside & (likely < 0.5)] = cv2.GC_PR_BGD
        labels[inside & (likely > SURE)] = cv2.GC_FGD
    return labels


def _near_edge(labels: Labels) -> Labels:
    """Label what was cut as sure but near its edge."""
    cut = labels & 1
    square = np.ones((2 * EDGE_PX + 1, 2 * EDGE_PX + 1), np.uint8)
    sure, possible = cv2.erode(cut, square), cv2.dilate(cut, square)
    guess = np.where(cut, cv2.GC_PR_FGD, cv2.GC_PR_BGD)
    return np.where(sure, cv2.GC_FGD, np.where(possible, guess, cv2.GC_BGD)).astype(np.uint8)


def _both(labels: Labels) -> bool:
    """Tell whether there is anything to tell apart; OpenCV takes no less."""
    return bool((labels & 1).any() and not (labels & 1).all())


def _scaled(image: Image, side: int) -> UInt8[np.ndarray, "r c 3"]:
    """Shrink an image to this longer side; small ones stay as they are."""
    scale = min(1.0, side / max(image.shape[:2]))
    size = [max(1, round(length * scale)) for length in image.shape[1::-1]]
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def _resized(values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Resize a map: probabilities smoothly, labels by the nearest pixel."""
    smooth = values.dtype == np.float32
    return cv2.resize(values, shape[1::-1], interpolation=cv2.INTER_LINEAR if smooth else cv2.INTER_NEAREST_EXACT)
