"""What a finder found and a cutter cut -> the things that are kept: each once, none a speck, none nearly everything.

Candidates and masks of one image enter; candidates leave whose masks are disjoint and whose boxes are tight around
them, best first. Pure numpy on one image. The limits are those of `DetectConfig`; the rules, in order:

1. A score below `least_score` is dropped. The others are ranked by score; what ties is ranked by box and name.
2. Of a mask the largest component stays and those of at least `LEAST_COMPONENT` of its size, since a thing seen behind
   a table leg has two; specks would bend its box. An empty mask is dropped, as is one outside `least_share` and
   `most_share` of the image.
3. Of two with boxes or masks that overlap by more than `most_overlap` (intersection over union) the better stays,
   whatever they are called.
4. Of two of the same name the better stays where `most_contained` of the smaller mask lies inside the other: a part,
   a looser outline, or a group of the things it holds. What has no name is never of the same name.
5. The `most` best stay.
6. Pixels that two claim go to the smaller mask: a mug stands in front of its table, and a table whose mask held the mug
   would be as high as the mug. Rules 2 and 3 hold for what is then left of the masks and for their own boxes.
"""

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from jaxtyping import Bool, Float32, Float64

from spatialvlm.pipeline.detect import DetectConfig
from spatialvlm.pipeline.detect.models.finders import Candidate

LEAST_COMPONENT = 0.1

Mask = Bool[np.ndarray, "h w"]


def suppress(candidates: Sequence[Candidate], config: DetectConfig) -> list[Candidate]:
    """The candidates of one image that are kept, with disjoint masks and the tight boxes of these, best first.

    Every candidate has a mask, which may be empty. The order of the candidates does not matter, and what was kept is
    kept again.
    """
    rest = [_cleaned(candidate) for candidate in ranked(candidates, config.least_score)]
    rest = [candidate for candidate in rest if _fits(candidate, config)]
    while True:
        kept = _distinct(rest, config)
        final = [_cleaned(candidate) for candidate in _disjoint(kept)]
        sound = {id(one) for one in _distinct([one for one in final if _fits(one, config)], config)}
        lost = {id(before) for before, after in zip(kept, final) if id(after) not in sound}
        if not lost:
            return final
        rest = [candidate for candidate in rest if id(candidate) not in lost]


def suppress_boxes(candidates: Sequence[Candidate], config: DetectConfig) -> list[Candidate]:
    """The candidates of one image that deserve a mask, best first: what rules 1 and 3 leave of the boxes alone."""
    kept: list[Candidate] = []
    for candidate in ranked(candidates, config.least_score):
        boxes = np.array([one.box_xyxy for one in kept], np.float32).reshape(-1, 4)
        if not (overlaps(candidate.box_xyxy, boxes) > config.most_overlap).any():
            kept.append(candidate)
    return kept


def ranked(candidates: Sequence[Candidate], least_score: float) -> list[Candidate]:
    """Those of at least this score, best first, in an order that depends on nothing but themselves."""

    def rank(candidate: Candidate) -> tuple[float, list[float], tuple[str, ...], bytes]:
        mask = b"" if candidate.mask is None else np.packbits(candidate.mask).tobytes()
        return -candidate.score, candidate.box_xyxy.tolist(), candidate.captions, mask

    return sorted((one for one in candidates if one.score >= least_score), key=rank)


def overlaps(box_xyxy: Float32[np.ndarray, " 4"], boxes_xyxy: Float32[np.ndarray, "n 4"]) -> Float64[np.ndarray, " n"]:
    """Intersection over union of a box with each of others, 0 where both are empty."""
    box, boxes = box_xyxy.astype(np.float64), boxes_xyxy.astype(np.float64)
    low, high = np.maximum(box[:2], boxes[:, :2]), np.minimum(box[2:], boxes[:, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=1)
    union = (box[2:] - box[:2]).prod() + (boxes[:, 2:] - boxes[:, :2]).prod(axis=1) - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)


def tight_box(mask: Mask) -> Float32[np.ndarray, " 4"]:
    """The smallest box around a mask, xyxy; zeros around an empty one."""
    left, top, width, height = cv2.boundingRect(mask.view(np.uint8))
    return np.array([left, top, left + width, top + height], np.float32)


def without_specks(mask: Mask) -> Mask:
    """The largest component of a mask and those of at least `LEAST_COMPONENT` of its size."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.view(np.uint8), connectivity=8)
    areas = stats[:, cv2.CC_STAT_AREA].copy()
    areas[0] = 0
    return (areas >= LEAST_COMPONENT * max(1, int(areas.max())))[labels.astype(np.intp)]


def _cleaned(candidate: Candidate) -> Candidate:
    mask = without_specks(_mask(candidate))
    return replace(candidate, mask=mask, box_xyxy=tight_box(mask))


def _fits(candidate: Candidate, config: DetectConfig) -> bool:
    share = float(_mask(candidate).mean())
    return share > 0 and config.least_share <= share <= config.most_share


def _distinct(candidates: Sequence[Candidate], config: DetectConfig) -> list[Candidate]:
    """The best ones, at most `most`, of which none is another one, a part of it, or a group that holds it."""
    kept: list[Candidate] = []
    for candidate in candidates:
        if len(kept) == config.most:
            break
        if not any(_same(candidate, other, config) for other in kept):
            kept.append(candidate)
    return kept


def _same(one: Candidate, other: Candidate, config: DetectConfig) -> bool:
    """Whether two candidates with tight boxes are one thing, or one of them a part of the other."""
    overlap = overlaps(one.box_xyxy, other.box_xyxy[None])[0]
    if overlap == 0 or overlap > config.most_overlap:
        return bool(overlap)
    shared = np.count_nonzero(_mask(one) & _mask(other))
    areas = np.count_nonzero(_mask(one)), np.count_nonzero(_mask(other))
    named_alike = bool(one.captions and other.captions) and one.captions[0].lower() == other.captions[0].lower()
    contained = named_alike and shared > config.most_contained * min(areas)
    return bool(contained or shared > config.most_overlap * (sum(areas) - shared))


def _disjoint(kept: Sequence[Candidate]) -> list[Candidate]:
    """The candidates, in the same order, each without the pixels that a smaller one claims; of two alike the better."""
    free = np.ones(_mask(kept[0]).shape, bool) if kept else np.zeros((0, 0), bool)
    masks: dict[int, Mask] = {}
    for index in sorted(range(len(kept)), key=lambda index: np.count_nonzero(_mask(kept[index]))):
        masks[index] = _mask(kept[index]) & free
        free &= ~masks[index]
    return [replace(candidate, mask=masks[index]) for index, candidate in enumerate(kept)]


def _mask(candidate: Candidate) -> Mask:
    assert candidate.mask is not None
    return candidate.mask
