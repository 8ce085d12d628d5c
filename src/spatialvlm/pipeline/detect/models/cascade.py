"""A cascade of models: boxes by a box detector, a mask in each, non-maximum suppression, captions by a captioner.

Frames enter; they leave with instances, numbered from left to right, with disjoint masks and the tight boxes of these,
or, where a mask is of a part, the box that was found.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from spatialvlm.errors import ContractError
from spatialvlm.geometry import Mask, spans
from spatialvlm.models import Runtime
from spatialvlm.pipeline.detect.config import DetectConfig
from spatialvlm.pipeline.detect.models.box_detectors import load_box_detector
from spatialvlm.pipeline.detect.models.candidate import Candidate
from spatialvlm.pipeline.detect.models.mask_models import load_mask_model
from spatialvlm.pipeline.detect.models.nms import box_nms, mask_nms, mask_of
from spatialvlm.pipeline.detect.models.row_ends import named_in_rows
from spatialvlm.records import Drop, Frame, Instance

WEAK = 0.7  # of `score_threshold`: what scores so much may well be another object of that name
SAME_PLACE = 0.5  # of the smaller of two boxes lies in the other: they are about the same object
MASKS_PER_OBJECT = 2  # masks that are made per object that may be kept: some turn out empty
NOTHING_FOUND = "no_objects: {} found nothing with a score of {:g} or more"
NOTHING_KEPT = "no_objects: none of the {} things that {} found has a mask that can be used"


class Cascade:
    """See the module. Raises UserError for weights that cannot be had or a package that is not installed."""

    def __init__(self, config: DetectConfig, runtime: Runtime, seed: int = 0) -> None:
        assert config.detect is not None
        self._config = config
        weak = replace(config, score_threshold=WEAK * config.score_threshold)
        self._detect = load_box_detector(config.detect, weak, runtime)
        self._segment = load_mask_model(config.segment, runtime)
        self._caption = None
        self._versions = {"detect": f"{self._detect.name}@{self._detect.version}"}
        if config.segment is not None or config.detector != "concepts":  # concepts come with their masks
            self._versions["segment"] = f"{self._segment.name}@{self._segment.version}"
        if config.caption is not None:
            from spatialvlm.pipeline.detect.models.captioner import Captioner

            self._caption = Captioner(config.caption, runtime, seed)
            self._versions["caption"] = f"{self._caption.name}@{self._caption.version}"

    def __call__(self, frames: Sequence[Frame]) -> list[Frame | Drop]:
        """Find the objects in each frame. Raises ContractError for a box or mask out of place."""
        found = self._detect(frames)
        for frame, candidates in zip(frames, found, strict=True):
            _check(candidates, frame, self._detect.name)
        most = MASKS_PER_OBJECT * self._config.max_objects
        sure = [box_nms(candidates, self._config)[:most] for candidates in found]
        kept = [mask_nms(candidates, self._config) for candidates in self._masked(frames, sure)]
        glimpsed = [_glimpsed(some, others) for some, others in zip(kept, found, strict=True)]
        kept = self._captioned(frames, [sorted(candidates, key=_from_left) for candidates in kept])
        if self._caption is None:
            kept = [named_in_rows(*both, frame.image.shape[1]) for frame, *both in zip(frames, kept, glimpsed)]
        kept = [_without_ambiguous_names(some, others) for some, others in zip(kept, glimpsed)]
        return [
            self._annotated(frame, candidates) if candidates else self._drop(frame, len(before))
            for frame, before, candidates in zip(frames, sure, kept)
        ]

    def _masked(self, frames: Sequence[Frame], found: list[list[Candidate]]) -> list[list[Candidate]]:
        """Give each candidate a mask: its own, else the mask model's."""
        bare = [[candidate for candidate in candidates if candidate.mask is None] for candidates in found]
        masks = self._segment(frames, bare) if any(bare) else [[] for _ in bare]
        masked = []
        for frame, candidates, without, own in zip(frames, found, bare, masks, strict=True):
            made = [self._with_mask(candidate, mask) for candidate, mask in zip(without, own, strict=True)]
            _check(made, frame, self._segment.name)
            masked.append([candidate for candidate in candidates if candidate.mask is not None] + made)
        return masked

    def _with_mask(self, candidate: Candidate, mask: Mask) -> Candidate:
        partial = self._segment.cuts_parts and not spans(mask, candidate.box_xyxy)
        return replace(candidate, mask=mask, partial=partial)

    def _captioned(self, frames: Sequence[Frame], kept: list[list[Candidate]]) -> list[list[Candidate]]:
        """Put the captioner's words before the box detector's names."""
        if self._caption is None:
            return kept
        said = self._caption(frames, [[candidate.box_xyxy for candidate in candidates] for candidates in kept])
        return [
            [replace(one, captions=(words, *one.captions) if words else one.captions) for one, words in zip(some, own)]
            for some, own in zip(kept, said, strict=True)
        ]

    def _annotated(self, frame: Frame, candidates: Sequence[Candidate]) -> Frame:
        numbered = enumerate(candidates, start=1)
        made = (Instance(str(i), one.captions, one.box_xyxy, mask_of(one), one.score) for i, one in numbered)
        return replace(frame, instances=tuple(made), versions={**frame.versions, **self._versions})

    def _drop(self, frame: Frame, found: int) -> Drop:
        nothing = NOTHING_FOUND.format(self._detect.name, self._config.score_threshold)
        return Drop("detect", frame.id, NOTHING_KEPT.format(found, self._detect.name) if found else nothing)


def _glimpsed(kept: Sequence[Candidate], found: Sequence[Candidate]) -> list[Candidate]:
    """List what was found, but not surely enough, or could not be segmented, and is none of the kept ones."""
    return [one for one in found if not any(_is_at(one, other) for other in kept)]


def _without_ambiguous_names(kept: Sequence[Candidate], glimpsed: Sequence[Candidate]) -> list[Candidate]:
    """Take from the kept ones the names that also fit something that was glimpsed: "the bowl" says nothing then."""
    taken = {caption.lower() for one in glimpsed for caption in one.captions}
    return [replace(one, captions=tuple(c for c in one.captions if c.lower() not in taken)) for one in kept]


def _is_at(one: Candidate, other: Candidate) -> bool:
    low = np.maximum(one.box_xyxy[:2], other.box_xyxy[:2])
    high = np.minimum(one.box_xyxy[2:], other.box_xyxy[2:])
    areas = [float(np.prod(box[2:] - box[:2])) for box in (one.box_xyxy, other.box_xyxy)]
    return float(np.prod(np.maximum(high - low, 0.0))) >= SAME_PLACE * min(areas)


def _check(candidates: Sequence[Candidate], frame: Frame, model: str) -> None:
    height, width = frame.image.shape[:2]
    for one in candidates:
        x0, y0, x1, y1 = one.box_xyxy.tolist()
        if not (0 <= x0 <= x1 <= width and 0 <= y0 <= y1 <= height):
            raise ContractError(
                f"box of {model} in frame {frame.id!r}: got {(x0, y0, x1, y1)}, expected xyxy inside the image of "
                f"{width}x{height}; clip it in the backend"
            )
        if one.mask is not None and one.mask.shape != (height, width):
            raise ContractError(
                f"mask of {model} in frame {frame.id!r}: got {one.mask.shape}, expected {(height, width)}, the size "
                "of the image; resize it in the backend"
            )


def _from_left(candidate: Candidate) -> list[float]:
    """Order left to right by the middle of the box; what is at the same place from the top down."""
    x0, y0, x1, y1 = candidate.box_xyxy.tolist()
    return [x0 + x1, y0 + y1, x0, y0]
