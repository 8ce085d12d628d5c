"""Turn questions of our own datasets into Items: what a model is told beside the question, and the truth of the answer.

What to answer with, the form of the kind says (`kinds.forms`), or the way in which the question is asked. What a
dataset holds to be "about the same" is a choice in which that is an option.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from spatialvlm.answers import Length
from spatialvlm.dataset import Dataset, upright
from spatialvlm.evaluate.items import Item
from spatialvlm.evaluate.own_scoring import reading_of
from spatialvlm.kinds import KINDS
from spatialvlm.records import QA

SAY_IN_WAYS = {"choice": "Answer with the letter of one option.", "yes_no": "Answer yes or no.", "json": ""}
"""What to answer with where a question is not asked openly; one for JSON says it itself."""

Truths = Mapping[tuple[str, str, tuple[str, ...]], float]
"""True lengths in metres by frame id, kind and subjects, where they are known better than the dataset knows them."""


def items_from_dataset(dataset: Dataset, truths: Truths | None = None) -> Iterator[Item]:
    """Turn every question of a dataset into an Item, in order; `truths` stand in for the dataset's own lengths."""
    for (scene, source), (frame_id, questions) in zip(dataset.scenes(), dataset.questions(), strict=True):
        shown, _ = upright(source.image_bytes, scene.camera, source.image_path)
        for place, qa in enumerate(questions):
            yield item_of(qa, f"{frame_id}/{place:03d}", shown, truths or {})


def item_of(qa: QA, id_: str, image: bytes, truths: Truths) -> Item:
    """Turn one question about an image into an Item."""
    fact, truth = qa.fact, qa.value
    if isinstance(truth, Length):
        truth = replace(truth, metres=truths.get((qa.frame_id, qa.kind, fact.subjects), truth.metres))
    asks = SAY_IN_WAYS[qa.asked_as] if qa.asked_as in SAY_IN_WAYS else KINDS[qa.kind].form.asks_for(truth)
    prompt = f"{qa.question} {asks}".rstrip()
    meta = {"frame_id": qa.frame_id, "family": qa.family, "error": fact.error, "subjects": list(fact.subjects)}
    reading = reading_of(truth, qa.kind, qa.names, qa.unit, qa.asked_as)
    return Item(id_, qa.kind, qa.question, prompt, (image,), truth, meta, reading)
