"""Regions of whatever is in an image: Florence-2 through transformers, the stand-in for the paper's proposal network.

Enters: frames. Leaves: candidates. Florence-2 writes what it sees as text with places in it, "red mug<loc_12><loc_40>
<loc_200><loc_310>", in the order of its own liking. Where DetectConfig.caption will name the regions it is asked for
boxes alone; else for boxes with captions of a few words.

Florence-2 gives no scores. A candidate's score is 1, less a millionth for each that was written before it, so that of
two boxes of the same object the one that came first stays. `score_threshold` has no say.
https://arxiv.org/abs/2311.06242, https://huggingface.co/docs/transformers/model_doc/florence2
"""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float32

from spatialvlm.errors import UserError
from spatialvlm.models import (
    Batches,
    Located,
    Model,
    Runtime,
    import_torch,
    import_transformers,
    load_model,
    load_processor,
    locate,
)
from spatialvlm.pipeline.detect.config import DetectConfig
from spatialvlm.pipeline.detect.models.box_detectors import BoxDetector, read_config
from spatialvlm.pipeline.detect.models.candidate import Candidate
from spatialvlm.pipeline.detect.models.captioner import MAX_WORDS, clean_caption
from spatialvlm.records import Frame

PROPOSALS, CAPTIONS = "<REGION_PROPOSAL>", "<DENSE_REGION_CAPTION>"
BINS = 1000
"""Places along a side of the image; a place means the middle of its bin."""
MAX_NEW_TOKENS, BEAMS = 1024, 3
"""The settings of the authors' examples; https://huggingface.co/microsoft/Florence-2-large."""
LATER = 1e-6

_REGION = re.compile(r"([^<]*)((?:\s*<loc_\d+>)+)")


class Florence(BoxDetector):
    """See the module. Raises UserError for weights of another architecture or in the authors' own format."""

    detector, score_threshold = "regions", 0.0
    files = "transformers"

    def __init__(self, model: Model, config: DetectConfig, runtime: Runtime) -> None:
        transformers = import_transformers()
        located = locate(model)
        self.name, self.version = located.name, located.version
        _check(located)
        self._model = load_model(transformers.Florence2ForConditionalGeneration, located, runtime)
        self._processor = load_processor(transformers.AutoProcessor, located)
        self._task = CAPTIONS if config.caption is None else PROPOSALS
        self._batches = Batches(runtime.batch_size)

    def __call__(self, frames: Sequence[Frame]) -> list[list[Candidate]]:
        """Find what is in each frame, in the order in which the model wrote it."""
        written = self._batches(self._write, frames)
        return [read_regions(text, *frame.image.shape[1::-1]) for frame, text in zip(frames, written, strict=True)]

    def _write(self, frames: Sequence[Frame]) -> list[str]:
        """Let the model write about each frame."""
        torch, model = import_torch(), self._model
        seen: Any = self._processor(
            images=[frame.image for frame in frames],
            text=[self._task] * len(frames),
            images_kwargs={"input_data_format": "channels_last"},
            return_tensors="pt",
        ).to(model.device, model.dtype)
        with torch.inference_mode():
            written = model.generate(**seen, max_new_tokens=MAX_NEW_TOKENS, num_beams=BEAMS, do_sample=False)
        return self._processor.batch_decode(written, skip_special_tokens=False)


def read_regions(text: str, width: int, height: int) -> list[Candidate]:
    """Read the regions in what Florence-2 wrote about an image, in order; boxes without extent are left out.

    A caption may have several boxes. What is left of a box when the text breaks off is no box.
    """
    scales = np.array([width, height] * 2, dtype=np.float64) / BINS
    found: list[Candidate] = []
    for words, places in _REGION.findall(re.sub(r"</?s>|<pad>", "", text)):
        caption = clean_caption(words, MAX_WORDS)
        bins = [int(place) for place in re.findall(r"\d+", places)]
        for box in zip(*[iter(bins)] * 4):
            corners: Float32[np.ndarray, " 4"] = ((np.clip(box, 0, BINS - 1) + 0.5) * scales).astype(np.float32)
            if (corners[2:] > corners[:2]).all():
                score = 1.0 - LATER * len(found)
                found.append(Candidate(corners, score, (caption,) if caption else ()))
    return found


def _check(located: Located) -> None:
    """Raise UserError for weights that the class would take, and fill up at random."""
    config = read_config(located)
    kind, vision = config.get("model_type", "no known architecture"), config.get("vision_config")
    if kind != "florence2":
        raise UserError(f"weights {located.name!r}: are of {kind!r}, expected 'florence2'")
    if isinstance(vision, dict) and "dim_embed" in vision:
        raise UserError(
            f"weights {located.name!r}: are in the authors' own format, expected that of transformers; "
            "use florence-community/Florence-2-large or another of florence-community"
        )
