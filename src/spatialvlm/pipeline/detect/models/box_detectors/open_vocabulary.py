"""What open-vocabulary models share: loading, prompts that become tokens, scores of queries that become candidates."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float32

from spatialvlm.errors import ModelError, UserError
from spatialvlm.models import Located, Runtime, import_transformers, load_model, load_processor
from spatialvlm.pipeline.detect.models.candidate import Candidate

NAN = "a detection model made NaN instead of scores or boxes; run it with precision 'full'"


def load_zero_shot(located: Located, runtime: Runtime, architectures: Sequence[str]) -> tuple[Any, Any]:
    """Load a network and its image processor. Raises UserError for weights of another architecture."""
    transformers = import_transformers()
    network = load_model(transformers.AutoModelForZeroShotObjectDetection, located, runtime)
    kind = network.config.model_type
    if kind not in architectures:
        raise UserError(f"weights {located.name!r}: are of {kind!r}, expected one of {', '.join(architectures)}")
    return network, load_processor(transformers.AutoImageProcessor, located)


def tokenize(prompts: Sequence[str], template: str, network: Any, located: Located) -> Any:
    """Turn prompts, put into a template, into a batch of padded tokens. Raises UserError for one that is too long."""
    tokenizer = load_processor(import_transformers().AutoTokenizer, located)
    longest = network.config.text_config.max_position_embeddings
    texts = [template.format(prompt.lower()) for prompt in prompts]
    for prompt, ids in zip(prompts, tokenizer(texts)["input_ids"], strict=True):
        if len(ids) > longest:
            raise UserError(f"prompt {prompt!r}: {len(ids)} tokens, expected at most {longest}; shorten it")
    return tokenizer(texts, padding="max_length", max_length=longest, return_tensors="pt").to(network.device)


def candidates_of(
    scores: Float32[np.ndarray, "q p"],
    boxes: Float32[np.ndarray, "q 4"],
    prompts: Sequence[str],
    seen_px: Sequence[int],
    image_px: Sequence[int],
    *,
    score_threshold: float,
) -> list[Candidate]:
    """Make candidates of the queries whose best prompt scores at least `score_threshold`, best first.

    Per query, `scores` has the score of each prompt; `boxes` are centre x, centre y, width, height as shares of
    `seen_px`, the width and height in pixels of the image that the model saw; `image_px` is the width and height of the
    image without padding, to which boxes are clipped. A query keeps one name: the second best prompt is more often
    wrong than another word for the same object, and a wrong name makes wrong questions. Overlapping boxes stay; they
    are suppressed later, over all prompts. Raises ModelError where the model made numbers that are none.
    """
    if np.isnan(scores).any() or np.isnan(boxes).any():
        raise ModelError(NAN)
    best = scores.argmax(axis=1)
    score = scores[np.arange(len(scores)), best]
    corners = np.concatenate([boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2], axis=1)
    limits = np.array([*image_px, *image_px], dtype=np.float32)
    corners = np.clip(corners * np.array([*seen_px, *seen_px], dtype=np.float32), 0, limits).astype(np.float32)
    kept = (score >= score_threshold) & (corners[:, 2:] > corners[:, :2]).all(axis=1)
    order = np.flatnonzero(kept)[np.argsort(-score[kept], kind="stable")]
    return [Candidate(corners[i], float(score[i]), (prompts[int(best[i])],)) for i in order]
