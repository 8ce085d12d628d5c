"""Reward what a model in training wrote, from the row of the question alone: no scene, no image, no judge.

    GRPOTrainer(model, reward_funcs=[spatial_reward], train_dataset=rows, ...)
    GRPOTrainer(model, reward_funcs=[partial(spatial_reward, rule="mra")], ...)      lengths in part right

Of a row only the columns `value` (the answer as JSON, in the words of the question), `kind`, `names`, `asked_as` and
`asked_unit` (where there is no such column, `unit`) are looked at.

What TRL asks for: `GRPOTrainer` of trl/trainer/grpo_trainer.py in trl 1.16. It calls by keyword, with lists as long as
the completions, and leaves a row out whose reward is None.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, cast

from spatialvlm.answers import Answer, Length, answer_from_text
from spatialvlm.errors import UserError
from spatialvlm.evaluate.items import AnswerReading, Rule
from spatialvlm.evaluate.metrics.numbers import RULES
from spatialvlm.evaluate.own_scoring import reading_of, score_answer

Completion = str | Sequence[Mapping[str, Any]]
"""What a model wrote: text, or messages {"role", "content"}, of which the last one counts."""


def spatial_reward(
    completions: Sequence[Completion],
    answer: object = None,
    *,
    value: Sequence[str | None] | None = None,
    kind: Sequence[str | None] | None = None,
    names: Sequence[Sequence[str] | None] | None = None,
    asked_unit: Sequence[str | None] | None = None,
    unit: Sequence[str | None] | None = None,
    rule: str | None = None,
    asked_as: Sequence[str | None] | None = None,
    **columns: object,
) -> list[float | None]:
    """Reward completions with their scores in [0, 1]; None for a row without a `value`.

    `rule` grades lengths: by default 1 from half to twice the truth; "mra" gives a tenth for each of ten limits of the
    relative error, from 50 % down to 5 %, that is kept. All other columns are ignored. Raises UserError where there is
    no column `value`, or what it holds is no answer.
    """
    if value is None:
        raise UserError("reward: the rows have no column 'value', the answer as JSON; export the dataset again")
    if rule is not None and rule not in tuple(RULES):
        raise UserError(f"reward: got the rule {rule!r}; expected one of {', '.join(RULES)}")
    none = [None] * len(completions)
    rows = {"value": value, "kind": kind or none, "names": names or none, "unit": asked_unit or unit or none}
    rows["asked_as"] = asked_as or none
    for name, column in rows.items():
        if len(column) != len(completions):
            raise UserError(
                f"reward: column {name!r} has {len(column)} rows for {len(completions)} completions; expected as many"
            )
    found: list[float | None] = []
    for completion, cell, a_kind, some, a_unit, way in zip(completions, *rows.values()):
        if not cell:
            found.append(None)
            continue
        about = (tuple(filter(None, some or ())), a_unit or None, way or "open")  # "" of exported JSON is None
        truth, reading = _read(cell, a_kind or "", *about, cast(Rule | None, rule))
        found.append(score_answer(_text_of(completion), truth, reading).value)
    return found


@lru_cache(maxsize=4096)
def _read(
    value: str, kind: str, names: tuple[str, ...], unit: str | None, asked_as: str, rule: Rule | None
) -> tuple[Answer, AnswerReading]:
    """Read a row; the several completions of one follow each other."""
    truth = answer_from_text(value)
    reading = reading_of(truth, kind, names, unit, asked_as)
    return truth, replace(reading, rule=rule) if isinstance(truth, Length) else reading


def _text_of(completion: Completion) -> str:
    """Take the text of a completion: of messages that of the last one, of its parts those with text."""
    if isinstance(completion, str):
        return completion
    content = completion[-1].get("content") if completion else None
    if content is None or isinstance(content, str):
        return content or ""
    return "".join(part["text"] for part in content if part.get("type") == "text")
