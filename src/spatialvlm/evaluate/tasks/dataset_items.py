"""Turn questions of our own datasets into Items: what a model is told beside the question, and the truth of the answer.

A predicate is answered by yes or no, a choice by one of two names, a classification by one of two words, a length by a
number with its unit. What a dataset holds to be "about the same" becomes a choice of three.
"""

from collections.abc import Iterator, Mapping

from spatialvlm.dataset import Dataset
from spatialvlm.evaluate.items import Choice, Item, Length, Relation, Truth, YesNo
from spatialvlm.kinds import KINDS, Kind
from spatialvlm.pipeline.phrase import load_sheet, object_names
from spatialvlm.quantities import CENTIMETER, FOOT, INCH, METER
from spatialvlm.records import QA

SAME = "about the same"
SAY_LENGTH = "Answer with a number and its unit."
SAY_YES_NO = "Answer yes or no."

Truths = Mapping[tuple[str, str, tuple[str, ...]], float]
"""True lengths in metres by frame id, kind and subjects, where they are known better than the dataset knows them."""


def items_from_dataset(dataset: Dataset, truths: Truths | None = None) -> Iterator[Item]:
    """Turn every question of a dataset into an Item, in order; `truths` stand in for the dataset's own lengths."""
    for (scene, source), (frame_id, questions) in zip(dataset.scenes(), dataset.questions(), strict=True):
        names = object_names(scene)
        for place, qa in enumerate(questions):
            yield _item(qa, f"{frame_id}/{place:03d}", names, source.image_bytes, truths or {})


def _item(qa: QA, id_: str, names: Mapping[str, str], image: bytes, truths: Truths) -> Item:
    """Turn one question into an Item."""
    kind, fact = KINDS[qa.kind], qa.fact
    phrases = tuple(names.get(subject, "") for subject in fact.subjects)
    if isinstance(fact.value, float) and kind.form == "length":
        metres = truths.get((qa.frame_id, qa.kind, fact.subjects), fact.value)
        truth: Truth = Length(metres, unit=_unit_named(qa))
        how = SAY_LENGTH
    else:
        truth, how = _comparison(qa, kind, phrases)
    meta = {"frame_id": qa.frame_id, "family": qa.family, "error_m": fact.error, "subjects": list(fact.subjects)}
    return Item(id_, qa.kind, qa.question, f"{qa.question} {how}", (image,), truth, meta)


def _comparison(qa: QA, kind: Kind, phrases: tuple[str, ...]) -> tuple[Truth, str]:
    """Find the truth of a comparison, and what to answer with."""
    value, subjects = qa.fact.value, qa.fact.subjects
    relation: Relation | None = (*phrases, kind.word, kind.opposite) if len(phrases) == 2 and all(phrases) else None
    if kind.form == "predicate":
        if value == "similar":
            return Choice(("yes", "no", SAME), 2, lettered=False), f"{SAY_YES_NO[:-1]}, or {SAME!r}."
        return YesNo(value is True, relation), SAY_YES_NO
    options = phrases if kind.form == "choice" else (kind.word, kind.opposite)
    named = subjects if kind.form == "choice" else options
    three = (*options, SAME) if value == "similar" else options
    right = 2 if value == "similar" else named.index(str(value))
    how = "Answer with its name." if kind.form == "choice" else "Answer with one word."
    return Choice(three, right, lettered=False, relation=relation), how


def _unit_named(qa: QA) -> str | None:
    """Find the unit that a question names, which a number alone then counts in."""
    mark = next(mark for mark in qa.template.split("/") if mark[0] == "q" and mark[1:].isdigit())
    lines = {line.mark: line for line in load_sheet(qa.kind).lines["question"]}
    if mark not in lines or not lines[mark].names_unit:
        return None
    return next((unit.name for unit in (CENTIMETER, METER, INCH, FOOT) if f" {unit.plural}" in qa.question), None)
