"""From what a query-based detector says to candidates; for models that score every query against every prompt.

Enters: per query the score of each prompt and one box, relative to the square or image that the model saw. Leaves:
candidates in pixels of the image, best first, each named by the prompt that fits it best.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float32

from spatialvlm.errors import ModelError
from spatialvlm.pipeline.detect.models.finders import Candidate


def to_candidates(
    scores: Float32[np.ndarray, "q p"],
    boxes: Float32[np.ndarray, "q 4"],
    prompts: Sequence[str],
    *,
    seen_px: tuple[int, int],
    image_px: tuple[int, int],
    least_score: float,
) -> list[Candidate]:
    """The queries whose best prompt scores at least `least_score`, best first.

    `boxes` are centre x, centre y, width, height as shares of `seen_px`, the width and height in pixels of the image
    that the model saw; `image_px` is the width and height of the image without padding, to which boxes are clipped. A
    query keeps one name: the second best prompt is more often wrong than another word for the same thing, and a wrong
    name makes wrong questions. Overlapping boxes stay; they are suppressed later, over all prompts. Raises ModelError
    where the model made numbers that are none.
    """
    if np.isnan(scores).any() or np.isnan(boxes).any():
        raise ModelError("a detection model made NaN instead of scores or boxes; run it with precision 'full'")
    best = scores.argmax(axis=1)
    score = scores[np.arange(len(scores)), best]
    corners = np.concatenate([boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2], axis=1)
    limits = np.array([*image_px, *image_px], dtype=np.float32)
    corners = np.clip(corners * np.array([*seen_px, *seen_px], dtype=np.float32), 0, limits).astype(np.float32)
    kept = (score >= least_score) & (corners[:, 2:] > corners[:, :2]).all(axis=1)
    order = np.flatnonzero(kept)[np.argsort(-score[kept], kind="stable")]
    return [Candidate(corners[i], float(score[i]), (prompts[int(best[i])],)) for i in order]
