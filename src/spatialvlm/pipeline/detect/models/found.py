"""Detection by models: a finder's boxes, a cutter's masks, what is left of them, and names by a captioner.

Frames enter; instances leave, numbered from left to right, with disjoint masks and the tight boxes of these. Names of
models and versions are in `versions`, for the record of a scene.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from spatialvlm.errors import ContractError
from spatialvlm.models import Runtime
from spatialvlm.pipeline.detect import DetectConfig
from spatialvlm.pipeline.detect.models.cutters import load_cutter
from spatialvlm.pipeline.detect.models.finders import Candidate, load_finder
from spatialvlm.pipeline.detect.models.suppress import suppress, suppress_boxes
from spatialvlm.records import Drop, Frame, Instance

GLIMPSED = 0.7  # of `least_score`: what scores so much may well be another thing of that name
SAME_PLACE = 0.5  # of the smaller of two boxes lies in the other: they are about the same thing
CUT_PER_KEPT = 2  # masks that are made per object that may be kept: some turn out empty
NOTHING_FOUND = "no_objects: {} found nothing with a score of {:g} or more"
NOTHING_KEPT = "no_objects: none of the {} things that {} found has a mask that can be used"


class Found:
    """Frames to what models see in them.

    `versions`: the models in use, "name@version" by what they do: find, cut, caption. Raises UserError for weights that
    cannot be had or a package that is not installed.
    """

    def __init__(self, config: DetectConfig, runtime: Runtime, seed: int = 0) -> None:
        assert config.find is not None
        self._config = config
        glimpsing = replace(config, least_score=GLIMPSED * config.least_score)
        self._find = load_finder(config.find, glimpsing, runtime)
        self._cut = load_cutter(config.cut, runtime)
        self._caption = None
        self.versions = {"find": f"{self._find.name}@{self._find.version}"}
        if config.cut is not None or config.detector != "concepts":
            self.versions["cut"] = f"{self._cut.name}@{self._cut.version}"
        if config.caption is not None:
            from spatialvlm.pipeline.detect.models.captioner import Captioner

            self._caption = Captioner(config.caption, runtime, seed)
            self.versions["caption"] = f"{self._caption.name}@{self._caption.version}"

    def __call__(self, frames: Sequence[Frame]) -> list[tuple[Instance, ...] | Drop]:
        """The instances of each frame, or why there are none. Raises ContractError for a box or mask out of place."""
        found = self._find(frames)
        for frame, candidates in zip(frames, found, strict=True):
            for candidate in candidates:
                _check(candidate, frame, self._find.name)
        most = CUT_PER_KEPT * self._config.most
        glimpsed = found
        found = [suppress_boxes(candidates, self._config)[:most] for candidates in found]
        kept = [suppress(candidates, self._config) for candidates in self._masked(frames, found)]
        kept = [_told_apart(some, others) for some, others in zip(kept, glimpsed, strict=True)]
        kept = self._captioned(frames, [sorted(candidates, key=_from_left) for candidates in kept])
        return [
            _instances(candidates) if candidates else Drop("detect", frame.id, self._reason(len(before)))
            for frame, before, candidates in zip(frames, found, kept)
        ]

    def _masked(self, frames: Sequence[Frame], found: list[list[Candidate]]) -> list[list[Candidate]]:
        """The candidates with a mask each: their own, else the cutter's."""
        bare = [[candidate for candidate in candidates if candidate.mask is None] for candidates in found]
        cut = self._cut(frames, bare) if any(bare) else [[] for _ in bare]
        masked = []
        for frame, candidates, without, masks in zip(frames, found, bare, cut, strict=True):
            made = [replace(candidate, mask=mask) for candidate, mask in zip(without, masks, strict=True)]
            for candidate in made:
                _check(candidate, frame, self._cut.name)
            masked.append([candidate for candidate in candidates if candidate.mask is not None] + made)
        return masked

    def _captioned(self, frames: Sequence[Frame], kept: list[list[Candidate]]) -> list[list[Candidate]]:
        """The captioner's words first, then the finder's names."""
        if self._caption is None:
            return kept
        boxes = [[candidate.box_xyxy for candidate in candidates] for candidates in kept]
        return [
            [replace(one, captions=(words, *one.captions) if words else one.captions) for one, words in zip(some, said)]
            for some, said in zip(kept, self._caption(frames, boxes), strict=True)
        ]

    def _reason(self, found: int) -> str:
        if not found:
            return NOTHING_FOUND.format(self._find.name, self._config.least_score)
        return NOTHING_KEPT.format(found, self._find.name)


def _told_apart(kept: Sequence[Candidate], glimpsed: Sequence[Candidate]) -> list[Candidate]:
    """The kept ones, without the names that also fit something in the picture that is not among them.

    "The bowl" is no name where a second bowl was found, but not surely enough, or could not be cut out.
    """
    others = [one for one in glimpsed if not any(_is_at(one, other) for other in kept)]
    taken = {caption.lower() for one in others for caption in one.captions}
    return [replace(one, captions=tuple(c for c in one.captions if c.lower() not in taken)) for one in kept]


def _is_at(one: Candidate, other: Candidate) -> bool:
    low = np.maximum(one.box_xyxy[:2], other.box_xyxy[:2])
    high = np.minimum(one.box_xyxy[2:], other.box_xyxy[2:])
    areas = [float(np.prod(box[2:] - box[:2])) for box in (one.box_xyxy, other.box_xyxy)]
    return float(np.prod(np.maximum(high - low, 0.0))) >= SAME_PLACE * min(areas)


def _check(candidate: Candidate, frame: Frame, model: str) -> None:
    height, width = frame.image.shape[:2]
    x0, y0, x1, y1 = candidate.box_xyxy.tolist()
    if not (0 <= x0 <= x1 <= width and 0 <= y0 <= y1 <= height):
        raise ContractError(
            f"box of {model} in frame {frame.id!r}: got {(x0, y0, x1, y1)}, expected xyxy inside the image of "
            f"{width}x{height}; clip it in the backend"
        )
    if candidate.mask is not None and candidate.mask.shape != (height, width):
        raise ContractError(
            f"mask of {model} in frame {frame.id!r}: got {candidate.mask.shape}, expected {(height, width)}, the size "
            "of the image; resize it in the backend"
        )


def _from_left(candidate: Candidate) -> list[float]:
    """Left to right by the middle of the box; what is at the same place from the top down."""
    x0, y0, x1, y1 = candidate.box_xyxy.tolist()
    return [x0 + x1, y0 + y1, x0, y0]


def _instances(candidates: Sequence[Candidate]) -> tuple[Instance, ...]:
    made = []
    for number, candidate in enumerate(candidates, start=1):
        assert candidate.mask is not None
        made.append(Instance(str(number), candidate.captions, candidate.box_xyxy, candidate.mask, candidate.score))
    return tuple(made)
