"""Non-maximum suppression: which candidates stay, so that each object is there once, and nothing is a speck or a wall.

The candidates of one image enter; those that stay leave, with disjoint masks and boxes tight around them, best first;
what is seen in part keeps the box that it was found with.
The limits are those of `DetectConfig`; the rules, in order:

1. A score below `score_threshold` is dropped. The others are ranked by score; what ties is ranked by box and name.
2. A mask loses its specks, which would bend its box. An empty one is dropped, as is one outside `min_area` and
   `max_area`; a part reaches as far as its box.
3. Of two with boxes or masks whose intersection over union exceeds `iou_threshold` the better stays, whatever they are
   called.
4. Of two of the same name the better stays where more than `containment_threshold` of the smaller mask lies inside the
   other: a part, a looser outline, or a group of the objects it holds. What has no name is never of the same name.
5. The `max_objects` best stay.
6. Pixels that two claim go to the smaller mask: a mug stands in front of its table, and a table whose mask held the mug
   would be as high as the mug. Rules 2 and 3 hold for what is then left of the masks and for their own boxes.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Float32, Float64

from spatialvlm.geometry import BoxXyxy, Mask, tight_box, without_specks
from spatialvlm.pipeline.detect.config import DetectConfig
from spatialvlm.pipeline.detect.models.candidate import Candidate


def mask_nms(candidates: Sequence[Candidate], config: DetectConfig) -> list[Candidate]:
    """Keep the candidates of one image that all rules leave.

    Every candidate has a mask, which may be empty. The order of the candidates does not matter, and what was kept is
    kept again.
    """
    rest = [_cleaned(candidate) for candidate in ranked(candidates, config.score_threshold)]
    rest = [candidate for candidate in rest if _fits(candidate, config)]
    while True:
        kept = _distinct(rest, config)
        final = [_cleaned(candidate) for candidate in _disjoint(kept)]
        sound = {id(one) for one in _distinct([one for one in final if _fits(one, config)], config)}
        lost = {id(before) for before, after in zip(kept, final) if id(after) not in sound}
        if not lost:
            return final
        rest = [candidate for candidate in rest if id(candidate) not in lost]


def box_nms(candidates: Sequence[Candidate], config: DetectConfig) -> list[Candidate]:
    """Keep the candidates of one image that deserve a mask: what rules 1 and 3 leave of the boxes alone."""
    kept: list[Candidate] = []
    for candidate in ranked(candidates, config.score_threshold):
        boxes = np.array([one.box_xyxy for one in kept], np.float32).reshape(-1, 4)
        if not (box_iou(candidate.box_xyxy, boxes) > config.iou_threshold).any():
            kept.append(candidate)
    return kept


def ranked(candidates: Sequence[Candidate], score_threshold: float) -> list[Candidate]:
    """Sort those of at least this score, best first, in an order that depends on nothing but themselves."""

    def rank(candidate: Candidate) -> tuple[float, list[float], tuple[str, ...], bytes]:
        mask = b"" if candidate.mask is None else np.packbits(candidate.mask).tobytes()
        return -candidate.score, candidate.box_xyxy.tolist(), candidate.captions, mask

    return sorted((one for one in candidates if one.score >= score_threshold), key=rank)


def box_iou(box_xyxy: BoxXyxy, boxes_xyxy: Float32[np.ndarray, "n 4"]) -> Float64[np.ndarray, " n"]:
    """Compute the intersection over union of a box with each of others, 0 where both are empty."""
    box, boxes = box_xyxy.astype(np.float64), boxes_xyxy.astype(np.float64)
    low, high = np.maximum(box[:2], boxes[:, :2]), np.minimum(box[2:], boxes[:, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=1)
    union = (box[2:] - box[:2]).prod() + (boxes[:, 2:] - boxes[:, :2]).prod(axis=1) - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)


def _cleaned(candidate: Candidate) -> Candidate:
    mask = without_specks(mask_of(candidate))
    return replace(candidate, mask=mask, box_xyxy=candidate.box_xyxy if candidate.partial else tight_box(mask))


def _fits(candidate: Candidate, config: DetectConfig) -> bool:
    mask = mask_of(candidate)
    share = reached = float(mask.mean())
    if candidate.partial:
        reached = float((candidate.box_xyxy[2:] - candidate.box_xyxy[:2]).prod()) / mask.size
    return share > 0 and config.min_area <= share and reached <= config.max_area


def _distinct(candidates: Sequence[Candidate], config: DetectConfig) -> list[Candidate]:
    """Keep the best ones, of which none is another one, a part of it, or a group that holds it."""
    kept: list[Candidate] = []
    for candidate in candidates:
        if len(kept) == config.max_objects:
            break
        if not any(_same(candidate, other, config) for other in kept):
            kept.append(candidate)
    return kept


def _same(one: Candidate, other: Candidate, config: DetectConfig) -> bool:
    """Tell whether two candidates with tight boxes are one object, or one of them a part of the other."""
    iou = box_iou(one.box_xyxy, other.box_xyxy[None])[0]
    if iou == 0 or iou > config.iou_threshold:
        return bool(iou)
    shared = np.count_nonzero(mask_of(one) & mask_of(other))
    areas = np.count_nonzero(mask_of(one)), np.count_nonzero(mask_of(other))
    named_alike = bool(one.captions and other.captions) and one.captions[0].lower() == other.captions[0].lower()
    contained = named_alike and shared > config.containment_threshold * min(areas)
    return bool(contained or shared > config.iou_threshold * (sum(areas) - shared))


def _disjoint(kept: Sequence[Candidate]) -> list[Candidate]:
    """Take from each candidate the pixels that a smaller one claims; of two alike the better keeps them."""
    free = np.ones(mask_of(kept[0]).shape, bool) if kept else np.zeros((0, 0), bool)
    masks: dict[int, Mask] = {}
    for index in sorted(range(len(kept)), key=lambda index: np.count_nonzero(mask_of(kept[index]))):
        masks[index] = mask_of(kept[index]) & free
        free &= ~masks[index]
    return [replace(candidate, mask=masks[index]) for index, candidate in enumerate(kept)]


def mask_of(candidate: Candidate) -> Mask:
    """Take the mask of a candidate that has one."""
    assert candidate.mask is not None
    return candidate.mask
