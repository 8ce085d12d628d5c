"""answering: an image, a question and a model -> an answer: its words, its value, its spread over several draws.

    answered = answer("desk.jpg", "How far is the cup from the lamp?", "model/", samples=8)
    answered.text, answered.value, answered.spread

model_choice   what people call a model -> a Model
averaging      several answers -> one
looked         where the model looked -> a picture
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float32, UInt8

from spatialvlm.answering.averaging import Combined, combine
from spatialvlm.answering.model_choice import choose_model
from spatialvlm.answers import Answer, answer_to_json
from spatialvlm.errors import UserError
from spatialvlm.evaluate import read_answer
from spatialvlm.models import MAX_NEW_TOKENS, LookingVlm, Runtime, load_vlm
from spatialvlm.pipeline.collect import read_picture

if TYPE_CHECKING:
    from spatialvlm.answering.looked import draw_looked

__all__ = [
    "LONGEST_QUESTION",
    "Answered",
    "Combined",
    "answer",
    "check_question",
    "choose_model",
    "combine",
    "draw_looked",
    "read_image",
]

LONGEST_QUESTION, MOST_SAMPLES = 8000, 1000
"""Characters of a question, some 1,300 words; and answers drawn to one."""
DRAWN_AT = 1.0
"""The temperature of several answers: what the model itself holds likely."""

Image = UInt8[np.ndarray, "_ _ 3"]


@dataclass(frozen=True, slots=True, eq=False)
class Answered:
    """An answer: its words, and the value that they state, in SI units, where it could be read.

    Of several answers `text` is the one nearest to what they come to, `samples` are all, `read` is how many state a
    value. Numbers: `value` is their mean, `spread` their standard deviation. Else `share` of all answers agree with
    `value`. `looked` are shares of the attention to the squares of the image, where it was asked for.
    """

    question: str
    model: str
    version: str
    text: str
    value: Answer | None
    samples: tuple[str, ...]
    read: int
    mean: float | None = None
    spread: float | None = None
    share: float | None = None
    looked: Float32[np.ndarray, "rows columns"] | None = None

    def to_json(self) -> dict[str, Any]:
        """Return all but the attention as a JSON object."""
        told = {name: getattr(self, name) for name in self.__slots__ if name != "looked"}
        return told | {"value": None if self.value is None else answer_to_json(self.value)}


def answer(
    image: str | Path | Image,
    question: str,
    model: str | None = None,
    *,
    samples: int = 1,
    temperature: float | None = None,
    seed: int = 0,
    look: bool = False,
    words: str | None = None,
    runtime: Runtime | None = None,
    max_new_tokens: int = MAX_NEW_TOKENS,
) -> Answered:
    """Ask a model about an image, a file or pixels (h, w, 3) in RGB; `model` as `choose_model` takes it.

    Of several `samples` numbers are averaged, as the paper does, and anything else is voted on. `temperature` is by
    default 0 for one answer and 1 for several. `look` tells where it looked while it wrote the answer, or while it read
    `words` of the question. Raises UserError for an image, a question, a model or a number that makes no sense, and
    where the model cannot tell where it looks.
    """
    question = check_question(question)
    if not 1 <= samples <= MOST_SAMPLES:
        raise UserError(f"samples {samples}: expected 1 to {MOST_SAMPLES}")
    if temperature is None:
        temperature = 0.0 if samples == 1 else DRAWN_AT
    if not 0 <= temperature < math.inf:
        raise UserError(f"temperature {temperature}: expected 0 or more")
    if samples > 1 and not temperature:
        raise UserError(f"{samples} samples at temperature 0 are all the same; raise the temperature, or take one")
    pixels = image if isinstance(image, np.ndarray) else read_image(Path(image))
    vlm = load_vlm(choose_model(model), runtime, seed=seed, max_new_tokens=max_new_tokens, temperature=temperature)
    if (look or words) and not isinstance(vlm, LookingVlm):
        raise UserError(
            f"{vlm.name}: cannot tell where it looks; only checkpoints that run in numpy (idefics3:WEIGHTS) can"
        )
    texts = vlm.answers([([pixels], question)] * samples)
    combined = combine([read_answer(question, text) for text in texts], texts)
    text = texts[combined.place]
    looked = vlm.look(pixels, question, text, words) if (look or words) and isinstance(vlm, LookingVlm) else None
    return Answered(
        question,
        vlm.name,
        vlm.version,
        text,
        combined.value,
        tuple(texts),
        combined.read,
        combined.mean if samples > 1 else None,
        combined.spread,
        combined.share if samples > 1 else None,
        looked,
    )


def check_question(question: str) -> str:
    """Return a question without blanks around it. Raises UserError for an empty or an endless one."""
    stripped = question.strip()
    if not stripped:
        raise UserError("question: is empty; expected words, as in 'How far is the cup from the lamp?'")
    if len(stripped) > LONGEST_QUESTION:
        raise UserError(
            f"question: {len(stripped):,} characters in {len(stripped.split()):,} words, expected at most "
            f"{LONGEST_QUESTION:,} characters; shorten it"
        )
    return stripped


def read_image(path: Path) -> Image:
    """Read a picture file, upright. Raises UserError for what is none, and for a size that no model takes."""
    if not path.exists():
        raise UserError(f"image {str(path)!r}: no such file; give the path of a picture")
    if path.is_dir():
        raise UserError(f"image {str(path)!r}: is a folder; give the path of a picture in it")
    sample = read_picture(path)
    if sample.frame is None:
        raise UserError(f"image {str(path)!r}: {sample.drops[0].reason}")
    return sample.frame.image


def __getattr__(name: str) -> Any:
    if name != "draw_looked":
        raise AttributeError(f"module 'spatialvlm.answering' has no attribute {name!r}")
    from spatialvlm.answering.looked import draw_looked  # drawing needs much that an answer does not

    return draw_looked
