"""The checks of cull in their order: size, sharpness, duplicates, and the model for what is left of a batch."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Float32, UInt8

from spatialvlm.pipeline.cull import Classifier, CullConfig
from spatialvlm.pipeline.cull.duplicates import FLAT, HASH_BITS, perceptual_hash
from spatialvlm.pipeline.cull.quality import sharpness
from spatialvlm.records import Drop, Frame, Verdict


class Screen:
    """Keeps the frames that pass every check of a config.

    `classifier` knows the labels `config.keep + config.drop`, in this order. `duplicates` maps the id of a frame to
    that of the earlier frame that it repeats; it is read where `config.duplicate_bits` is set.
    """

    def __init__(self, config: CullConfig, classifier: Classifier | None, duplicates: Mapping[str, str]) -> None:
        self._config = config
        self._labels = (*config.keep, *config.drop)
        self._classifier = classifier
        self._duplicates = duplicates if config.duplicate_bits is not None else {}

    def __call__(self, frames: Sequence[Frame]) -> list[Frame | Drop]:
        """Return each frame with its verdict, or why it is dropped."""
        if self._config.keeps_everything:
            return list(frames)
        results = [self._judge(frame) for frame in frames]
        if self._classifier is None:
            return results
        left = {i: result for i, result in enumerate(results) if isinstance(result, Frame)}
        rows = self._classifier([frame.image for frame in left.values()])
        for (i, frame), row in zip(left.items(), rows, strict=True):
            results[i] = self._label(frame, row, f"{self._classifier.name}@{self._classifier.version}")
        return results

    def _judge(self, frame: Frame) -> Frame | Drop:
        """Judge what needs no model."""
        small = _too_small(frame.image, self._config)
        if small:
            return Drop("cull", frame.id, small)
        sharp = sharpness(frame.image)
        if sharp < self._config.min_sharpness:
            least = f"expected at least {self._config.min_sharpness:g}"
            return Drop("cull", frame.id, f"blurred: sharpness {sharp:.3f}, {least}")
        earlier = self._duplicates.get(frame.id)
        if earlier is not None:
            bits = f"at most {self._config.duplicate_bits} of {HASH_BITS} bits differ"
            return Drop("cull", frame.id, f"near_duplicate: of {earlier!r} ({bits})")
        return replace(frame, verdict=Verdict(sharp))

    def _label(self, frame: Frame, row: Float32[np.ndarray, " labels"], version: str) -> Frame | Drop:
        """Judge by labels. The paper has no rule; that the best of all must be one to keep is the natural reading."""
        best = int(np.argmax(row))
        label, score = self._labels[best], float(row[best])
        if label not in self._config.keep:
            return Drop("cull", frame.id, f"not_a_scene: {label!r} fits best ({score:.2f})")
        assert frame.verdict is not None
        verdict = replace(frame.verdict, label=label, score=score)
        return replace(frame, verdict=verdict, versions={**frame.versions, "cull": version})


def fingerprint(image: UInt8[np.ndarray, "h w 3"], config: CullConfig) -> int:
    """Compute the perceptual hash of a picture, or FLAT where it is too small or too blurred to be kept.

    So no picture is dropped as the duplicate of one that is dropped itself.
    """
    if _too_small(image, config) or (config.min_sharpness > 0 and sharpness(image) < config.min_sharpness):
        return FLAT
    return perceptual_hash(image)


def _too_small(image: UInt8[np.ndarray, "h w 3"], config: CullConfig) -> str | None:
    height, width = image.shape[:2]
    if min(height, width) >= config.min_side_px:
        return None
    return f"too_small: {width} x {height} px, expected at least {config.min_side_px} px on the shorter side"
