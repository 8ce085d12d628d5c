"""How a chain is written out: in one of four styles, with the same steps and the same numbers in each.

short       a numbered line a step
long        as a careful person thinks it through: what is needed, what it measures, what follows, how sure that is
equations   every length has a letter, its number and its error
dialogue    questions and their answers, as in the paper's prompt (arXiv 2401.12168, listing 1)
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from spatialvlm.chains.chain_records import Combine, Conclusion, Style
from spatialvlm.chains.fact_words import fill

CLEAR_SIGMAS = 6.0
_LETTERS = "abcdefghij"
_DOUBTS = {
    "clear": (
        "An error of [S] or so would not change that.",
        "I may be off by about [S], which is far too little to matter.",
        "My estimate is good to about [S], so there is no doubt.",
        "Even if I am off by [S] or so, there is no question.",
    ),
    "fair": (
        "I may be off by about [S], but not by enough to change that.",
        "Give or take [S], that still holds.",
        "I may be off by [S] or so, and it would still hold.",
    ),
    "amount": (
        "Altogether I may be off by about [S].",
        "The errors of the parts come to about [S].",
        "That is good to about [S].",
    ),
    "whole": (
        "I may be off by about [S] in that, so no other whole number is closer.",
        "Give or take [S], the nearest whole number stays the same.",
    ),
}


@dataclass(frozen=True, slots=True)
class Telling:
    """One step in words: its noun, the question, the sentence, the bare answer or equation, the number, its error."""

    label: str
    asks: str
    says: str
    brief: str
    number: str
    error: str
    combine: Combine | None = None


@dataclass(frozen=True, slots=True)
class Script:
    """All that is told: the steps, how they conclude, plan and ending, the answer alone, and how sure it is."""

    steps: Sequence[Telling]
    conclusion: Conclusion
    said: Sequence[float]
    plan: str
    ending: str
    answer: str
    sigmas: float
    error: str


def tell(script: Script, rng: np.random.Generator, style: Style, think: bool) -> str:
    """Write a chain out: the reasoning, then the answer alone."""
    doubt = _doubt(script, rng)  # drawn in any style, so that the style changes nothing else
    match style:
        case "short":
            brief = [_short(step) for step in script.steps]
            brief += [script.ending] if script.conclusion.rule == "any_less" else []
            lines = [f"{place}. {one}" for place, one in enumerate(brief, 1)]
        case "long":
            lines = [" ".join([script.plan, *(step.says for step in script.steps), doubt, script.ending])]
        case "equations":
            lines = [*map(_equation, range(len(script.steps)), script.steps), _relation(script)]
        case "dialogue":
            lines = [line for step in script.steps for line in _exchange(step)] + [f"[You] {script.ending}"]
    reasoning = "\n".join(lines)
    return f"<think>\n{reasoning}\n</think>\n{script.answer}" if think else f"{reasoning}\nAnswer: {script.answer}"


def _doubt(script: Script, rng: np.random.Generator) -> str:
    match script.conclusion.rule:
        case "amount" | "whole" as rule:
            sort: str = rule
        case _:
            sort = "clear" if script.sigmas >= CLEAR_SIGMAS else "fair"
    every = _DOUBTS[sort]
    return fill(every[int(rng.integers(len(every)))], {"S": script.error})


def _short(step: Telling) -> str:
    return f"{step.label[:1].upper()}{step.label[1:]}: {step.brief if step.combine else step.number}".rstrip(".")


def _exchange(step: Telling) -> list[str]:
    return [f"[You] {step.says}"] if step.combine else [f"[You] {step.asks}", f"[Friend] {step.brief}"]


def _equation(place: int, step: Telling) -> str:
    """Write a step with letters: "c = a − b = 54 cm − 38 cm = 16 cm (± 2 cm)"."""
    letter, combine = _LETTERS[place], step.combine
    if combine is None:
        return f"{letter} = {step.label} = {step.number} (± {step.error})"
    if combine.op == "given":
        return f"{letter} = {step.label} = {step.number}"
    letters = equation(combine, [_LETTERS[of - 1] for of in combine.of])
    return f"{letter} = {letters} = {step.brief.rstrip('.')} (± {step.error})"


def equation(combine: Combine, of: Sequence[str]) -> str:
    """Write how numbers are combined, with what stands for each."""
    match combine.op:
        case "given":
            return ""
        case "times":
            return f"{combine.factor:g} × {of[0]}"
        case "sum":
            return " + ".join(of)
        case "difference":
            return f"{of[0]} − {of[1]}"
        case "ratio":
            return f"{of[0]} / {of[1]}"


def _relation(script: Script) -> str:
    """Write what the conclusion rests on, with letters."""
    of = [_LETTERS[step - 1] for step in script.conclusion.of]
    said = [script.said[step - 1] for step in script.conclusion.of]
    ranked = [letter for _, letter in sorted(zip(said, of))]
    match script.conclusion.rule:
        case "greater":
            return f"{of[0]} {'>' if said[0] > said[1] else '<'} {of[1]}"
        case "any_less":
            pairs = list(zip(of[::2], of[1::2], said[::2], said[1::2]))
            less = [f"{a} < {b}" for a, b, one, other in pairs if one < other]
            return less[0] if less else " and ".join(f"{a} > {b}" for a, b, _, _ in pairs)
        case "greatest":
            return f"max({', '.join(of)}) = {ranked[-1]}"
        case "least":
            return f"min({', '.join(of)}) = {ranked[0]}"
        case "ascending":
            return " < ".join(ranked)
        case "descending":
            return " > ".join(reversed(ranked))
        case "chained":
            return f"{' and '.join(f'{letter} > 0' for letter in of)}. {script.ending}"
        case "amount" | "whole":
            return f"{of[0]} ≈ {script.answer}"
