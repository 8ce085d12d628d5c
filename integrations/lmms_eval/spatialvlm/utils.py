"""A task of lmms-eval whose items and scores are spatialvlm's.

    SPATIALVLM_ITEMS=FOLDER lmms-eval --include_path integrations/lmms_eval --tasks spatialvlm --model ...

Enters: the folder that `spatialvlm.evaluate.write_parquet(items, FOLDER, task)` wrote, by the environment
variable SPATIALVLM_ITEMS, else `items` beside this file. Leaves four metrics: `robust` and `official`, the means of
the two scores; `robust_overall` and `official_overall`, the task's own first figure (CV-Bench's overall accuracy,
say), else the mean again. The official ones are missing where the benchmark has no official rule without a judge.

Written for lmms-eval 0.7.3; the module has the name that its tasks have. It needs spatialvlm in the same environment.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from spatialvlm.evaluate import Task, item_from_row, load_task, score_item

FOLDER = os.environ.get("SPATIALVLM_ITEMS") or str(Path(__file__).with_name("items"))
KEPT = ("task", "id", "kind", "question", "prompt", "truth", "reading", "meta")


def pictures(doc: Mapping[str, Any]) -> list[Any]:
    """The decoded images of a row, in RGB."""
    return [image.convert("RGB") for image in doc["images"]]


def prompt(doc: Mapping[str, Any], lmms_eval_specific_kwargs: Mapping[str, str] | None = None) -> str:
    """The whole prompt of a row, as the task has it, between what the configuration puts around it."""
    around = lmms_eval_specific_kwargs or {}
    return f"{around.get('pre_prompt', '')}{doc['prompt']}{around.get('post_prompt', '')}"


def process_results(doc: Mapping[str, Any], results: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The scores of one answer, with what `overall` needs to know of the row."""
    task = task_of(doc)
    answer = results[0]
    scored = score_item(item_from_row(doc), answer, task.official if task else None)
    row = {name: doc[name] for name in KEPT}
    found = {"robust": scored.robust, "official": scored.official}
    entries: dict[str, dict[str, Any]] = {}
    for rule, one in found.items():
        if one is not None:
            entry = {"score": one.value, "read": one.answer, "why": one.explanation, "answer": answer, "row": row}
            entries |= {rule: entry, f"{rule}_overall": entry}
    return entries


def mean(results: Sequence[Mapping[str, Any]]) -> float:
    """The mean of the scores."""
    return fmean(float(one["score"]) for one in results)


def overall(results: Sequence[Mapping[str, Any]]) -> float:
    """The first of the figures of the task that the rows are of; the mean where it has none."""
    task = task_of(results[0]["row"])
    if task is None or task.figures is None:
        return mean(results)
    scored = [score_item(item_from_row(one["row"]), one["answer"]) for one in results]
    figures = task.figures(scored, [float(one["score"]) for one in results])
    return next(iter(figures.values()), mean(results))


def task_of(doc: Mapping[str, Any]) -> Task | None:
    """The task that a row is of; None where the file names none."""
    return load_task(doc["task"]) if doc["task"] else None
