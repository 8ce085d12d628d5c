"""What nano answers by itself: a model and held-out scenes enter, the share of right lengths by kind leaves."""

from collections import defaultdict
from typing import Any

import torch  # pyright: ignore[reportMissingImports]

from spatialvlm.answers import Length
from spatialvlm.quantities import parse
from spatialvlm.train.spatial_rows import AskedScenes, picture_of

LONGEST = 24
BATCH = 16
WITHIN = {"50_200": (0.5, 2.0), "75_125": (0.75, 1.25), "90_110": (0.9, 1.1)}


@torch.no_grad()
def measure_answers(model: Any, processor: Any, held: AskedScenes, count: int) -> dict[str, float]:
    """Ask the first questions about lengths of scenes one after the other, `count` in all.

    Returns by kind the share of answers within factors of the exact value; an answer without a length is wrong.
    """
    asked: list[tuple[str, float, str, Any]] = []
    for place in range(len(held)):
        if len(asked) >= count:
            break
        scene, questions, _ = held.ask(0, place)
        lengths = [(qa, qa.value) for qa in questions[:6] if isinstance(qa.value, Length)]
        if lengths:
            picture = picture_of(scene, questions)
            asked += [(qa.kind, value.metres, qa.question, picture) for qa, value in lengths]
    right: dict[str, list[float]] = defaultdict(list)
    for first in range(0, len(asked), BATCH):
        some = asked[first : first + BATCH]
        replies = answer(model, processor, [(question, picture) for _, _, question, picture in some])
        for (kind, value, _, _), reply in zip(some, replies, strict=True):
            said = parse(reply)
            for name, (low, high) in WITHIN.items():
                right[f"{kind}_{name}"].append(float(said is not None and low * value <= said <= high * value))
    return {name: sum(values) / len(values) for name, values in right.items()}


def answer(model: Any, processor: Any, asked: list[tuple[str, Any]]) -> list[str]:
    """Answer questions, each about its picture, by the likeliest tokens."""
    turns = [
        processor.apply_chat_template(
            [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": question}]}],
            add_generation_prompt=True,
        )
        for question, _ in asked
    ]
    batch = processor(text=turns, images=[[picture] for _, picture in asked], return_tensors="pt", padding=True)
    training = model.training
    model.eval()
    made = model.generate(**batch, max_new_tokens=LONGEST, do_sample=False)
    model.train(training)
    return [
        text.strip()
        for text in processor.batch_decode(made[:, batch["input_ids"].shape[1] :], skip_special_tokens=True)
    ]
