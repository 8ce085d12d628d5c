"""What a chain is: Chain, Step, Combine, Conclusion, and their JSON.

A step is measured (it has a Fact) or worked out from earlier ones (it has a Combine). Steps are numbered from 1. The
conclusion says how the numbers of some steps come to an Answer; `uncertain_numbers` and `conclusions` compute both.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

from spatialvlm.answers import Answer, answer_from_json, answer_to_json
from spatialvlm.errors import UserError
from spatialvlm.records import Fact

Op = Literal["given", "times", "sum", "difference", "ratio"]
Rule = Literal["greater", "any_less", "greatest", "least", "ascending", "descending", "chained", "amount", "whole"]
Style = Literal["short", "long", "equations", "dialogue"]
STYLES: tuple[Style, ...] = get_args(Style)


@dataclass(frozen=True, slots=True)
class Combine:
    """How a number comes from those of the steps `of`: `factor` times one (`times`), or as `op` says.

    What the question gives is `given`: it has no steps, and its number is `factor`.
    """

    op: Op
    of: tuple[int, ...]
    factor: float = 1.0


@dataclass(frozen=True, slots=True)
class Conclusion:
    """How the numbers of the steps `of` come to the answer.

    greater               YesNo: is the first greater than the second?
    any_less              YesNo: of steps in pairs, is in any pair the first less than the second?
    greatest, least       Choice: the option whose step it is
    ascending, descending Order: the options by their steps
    chained               Order: the options, where all steps are positive: each is the difference of two neighbours
    amount                Length: the step itself
    whole                 Count: the step, rounded
    """

    rule: Rule
    of: tuple[int, ...]
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what was asked, its answer in words, the number behind it and the number as it was said.

    `number` is unrounded, in SI, `error` its 1 sigma. `said` is what the words say; whatever is worked out in words is
    worked out from that.
    """

    asks: str
    says: str
    number: float
    error: float
    said: float
    fact: Fact | None = None
    combine: Combine | None = None


@dataclass(frozen=True, slots=True)
class Chain:
    """A question that takes several steps, the steps, and the answer.

    `answer` is the answer alone in words, `value` the answer as a value, with options as the question has them. `text`
    is the reasoning with the answer, in its `style`; `think`: the reasoning stands between <think> and </think>.
    `names` are those of the objects, by their ids; `standing` lists the ids of those that the question, or the
    reasoning, takes to stand on the support plane.
    """

    frame_id: str
    kind: str
    question: str
    steps: tuple[Step, ...]
    conclusion: Conclusion
    answer: str
    value: Answer
    text: str
    style: Style
    think: bool
    seed: int
    names: Mapping[str, str]
    standing: tuple[str, ...] = ()


def chain_to_json(chain: Chain) -> dict[str, Any]:
    """Turn a chain into a JSON object."""
    return {
        "frame_id": chain.frame_id,
        "kind": chain.kind,
        "question": chain.question,
        "steps": [_step_to_json(step) for step in chain.steps],
        "conclusion": _slots(chain.conclusion),
        "answer": chain.answer,
        "value": answer_to_json(chain.value),
        "text": chain.text,
        "style": chain.style,
        "think": chain.think,
        "seed": chain.seed,
        "names": dict(chain.names),
        "standing": list(chain.standing),
    }


def chain_from_json(data: Mapping[str, Any] | str) -> Chain:
    """Turn back what `chain_to_json` made, or the text of it. Raises UserError for anything else."""
    try:
        if isinstance(data, str):
            data = cast(Mapping[str, Any], json.loads(data))
        ruled = data["conclusion"]
        return Chain(
            frame_id=data["frame_id"],
            kind=data["kind"],
            question=data["question"],
            steps=tuple(_step_from_json(step) for step in data["steps"]),
            conclusion=Conclusion(ruled["rule"], tuple(ruled["of"]), tuple(ruled["options"])),
            answer=data["answer"],
            value=answer_from_json(data["value"]),
            text=data["text"],
            style=data["style"],
            think=data["think"],
            seed=data["seed"],
            names=dict(data["names"]),
            standing=tuple(data["standing"]),
        )
    except (KeyError, TypeError, AttributeError, json.JSONDecodeError) as error:
        raise UserError(f"chain: {error!r}; expected a JSON object as `spatialvlm chains` writes it") from None


def _step_to_json(step: Step) -> dict[str, Any]:
    fact = step.fact
    numbers = {name: getattr(step, name) for name in ("asks", "says", "number", "error", "said")}
    told = None if fact is None else _slots(fact) | {"answer": answer_to_json(fact.answer)}
    return numbers | {"fact": told, "combine": None if step.combine is None else _slots(step.combine)}


def _step_from_json(data: Mapping[str, Any]) -> Step:
    fact, combine = data["fact"], data["combine"]
    return Step(
        **{name: data[name] for name in ("asks", "says", "number", "error", "said")},
        fact=None
        if fact is None
        else Fact(**{**fact, "subjects": tuple(fact["subjects"]), "answer": answer_from_json(fact["answer"])}),
        combine=None if combine is None else Combine(combine["op"], tuple(combine["of"]), combine["factor"]),
    )


def _slots(record: Any) -> dict[str, Any]:
    return {
        name: list(value) if isinstance(value := getattr(record, name), tuple) else value for name in record.__slots__
    }
