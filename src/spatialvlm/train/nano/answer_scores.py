"""What nano answers by itself: a model and held-out scenes enter, the share of right answers by kind leaves."""

from collections import defaultdict
from typing import Any

import torch  # pyright: ignore[reportMissingImports]

from spatialvlm.answers import Length
from spatialvlm.evaluate import score
from spatialvlm.quantities import parse
from spatialvlm.records import QA
from spatialvlm.train.nano.scene_talk import looks
from spatialvlm.train.spatial_rows import AskedScenes, picture_of

LONGEST = 24
BATCH = 16
WITHIN = {"50_200": (0.5, 2.0), "75_125": (0.75, 1.25)}


@torch.no_grad()
def measure_answers(model: Any, processor: Any, held: AskedScenes, count: int) -> dict[str, float]:
    """Ask the first questions about scenes one after the other, `count` in all.

    Returns by kind the share of right answers, of lengths those within factors of the exact value; kinds that differ
    in their side or size alone ("left_choice") are taken together. An answer that cannot be read is wrong.
    """
    asked: list[tuple[QA, Any]] = []
    for place in range(len(held)):
        if len(asked) >= count:
            break
        scene, questions, _ = held.ask(0, place)
        picture = picture_of(scene, questions)
        asked += [(qa, picture) for qa in questions[:6]]
    right: dict[str, list[float]] = defaultdict(list)
    for first in range(0, len(asked), BATCH):
        some = asked[first : first + BATCH]
        replies = answer(model, processor, [(qa.question, picture) for qa, picture in some])
        for (qa, _), reply in zip(some, replies, strict=True):
            for name, value in _judged(qa, reply).items():
                right[name].append(value)
    return {name: sum(values) / len(values) for name, values in sorted(right.items())}


def _judged(qa: QA, reply: str) -> dict[str, float]:
    kind = qa.kind if isinstance(qa.value, Length) and "_difference" not in qa.kind else qa.kind.rpartition("_")[2]
    if not isinstance(qa.value, Length):
        return {kind: score(qa, reply).value or 0.0}
    ratio = (parse(reply) or 0.0) / qa.value.metres
    return {f"{kind}_{name}": float(low <= ratio <= high) for name, (low, high) in WITHIN.items()}


@torch.no_grad()
def measure_colours(model: Any, processor: Any, held: AskedScenes, count: int) -> float:
    """Ask the colours of things in scenes, `count` in all; returns the share that is right."""
    asked: list[tuple[str, str, Any]] = []
    for place in range(len(held)):
        if len(asked) >= count:
            break
        scene, _, rng = held.ask(0, place)
        _, *colours = looks(scene.scene, (), rng) or [None]
        picture = picture_of(scene, ())
        asked += [(one.turns[0][1], one.turns[1][1], picture) for one in colours if one is not None]
    right: list[bool] = []
    for first in range(0, len(asked), BATCH):
        some = asked[first : first + BATCH]
        replies = answer(model, processor, [(question, picture) for question, _, picture in some])
        right += [reply == colour for (_, colour, _), reply in zip(some, replies, strict=True)]
    return sum(right) / max(len(right), 1)


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
