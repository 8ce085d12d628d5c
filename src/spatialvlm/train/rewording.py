"""Questions with words missing and answers in one phrase, from which a small model learns sooner and more.

A wording that a template has never had is answered by a small model as some other question is, unless it has learnt not
to rest on single words.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from string import ascii_lowercase

import numpy as np

from spatialvlm.answers import Choice, Length, YesNo
from spatialvlm.kinds import KINDS
from spatialvlm.pipeline.phrase import spoken
from spatialvlm.records import QA
from spatialvlm.train.label_noise import length_in

TOLD = 0.5
"""Of how many questions with short answers it is said how to answer."""
Rewording = Callable[[QA, np.random.Generator], QA]
"""Says a question and its answer in other words."""


def reworded(short: bool, smudged: float) -> Rewording:
    """Make what says answers in a word or phrase where `short`, and smudges a share of the words of questions.

    Of questions whose answers are short, half say how to answer, in the words of `evaluate`.
    """

    def say(qa: QA, rng: np.random.Generator) -> QA:
        question = smudge_words(qa.question, qa.names, smudged, rng) if smudged else qa.question
        if not short:
            return replace(qa, question=question)
        told = f"{question} {KINDS[qa.kind].form.asks_for(qa.value)}" if rng.random() < TOLD else question
        return replace(qa, question=told, answer=short_answer(qa))

    return say


def short_answer(qa: QA) -> str:
    """Return what a question asks and no more: "Yes.", "The red mug.", "Behind.", "0.36 m"; else its answer."""
    match qa.value:
        case YesNo(yes):
            return "Yes." if yes else "No."
        case Choice() as choice:
            said = spoken(choice.chosen, KINDS[qa.kind])
            return f"{said[:1].upper()}{said[1:]}."
        case Length():
            return length_in(qa.answer) or qa.answer
        case _:
            return qa.answer


def smudge_words(question: str, names: Sequence[str], share: float, rng: np.random.Generator) -> str:
    """Leave out a share of the words of a question, or put letters of chance in their place, but none of its names."""
    called = "|".join(map(re.escape, sorted({*names}, key=len, reverse=True))) or r"(?!)"
    words = re.findall(rf"(?:{called})\S*\s*|\S+\s*", question, re.IGNORECASE)
    is_name = re.compile(called, re.IGNORECASE)
    kept = [word if is_name.match(word) or rng.random() >= share else _smudged(word, rng) for word in words]
    return "".join(kept).strip()


def _smudged(word: str, rng: np.random.Generator) -> str:
    letters = rng.choice([*ascii_lowercase], rng.integers(2, 9))
    return "" if rng.random() < 0.5 else re.sub(r"\w+", "".join(letters), word)
