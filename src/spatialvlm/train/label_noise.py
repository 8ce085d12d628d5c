"""Lengths in answers made wrong on purpose, as in Table 5 of the paper: how much noise in labels does training bear?

The paper (arXiv 2401.12168, section 4.3) adds Gaussian noise to the answers; here it is relative to the length.
"""

import math

import numpy as np

from spatialvlm.answers import Length
from spatialvlm.quantities import METER, UNITS, parse, speak_exactly
from spatialvlm.records import QA

_LONGEST = 6
"""Words of a length: "three and a half feet" has five."""
_LEAST = 0.05
"""What is left of a length at least: noise must not turn it round."""


def noisy_answer(qa: QA, sigma: float, rng: np.random.Generator) -> str:
    """Return the answer of a question with its length times 1 + `sigma` times a normal draw, in the same unit.

    Answers without a length, or with one that cannot be found in the words, come back as they are. One draw is made of
    `rng` all the same, so that the others do not depend on it.
    """
    factor = max(1.0 + sigma * float(rng.standard_normal()), _LEAST)
    if not sigma or not isinstance(qa.value, Length):
        return qa.answer
    said = length_in(qa.answer)
    if said is None:
        return qa.answer
    metres = (parse(said) or 0.0) * factor
    unit = next((unit for unit in UNITS if {unit.name, unit.plural, unit.symbol} & {*said.split()}), METER)
    return qa.answer.replace(said, speak_exactly(metres, math.inf, (0.5, 0.5, 0.5), unit).text, 1)


def length_in(answer: str) -> str | None:
    """Find the shortest run of words that says the length of an answer."""
    metres, words = parse(answer), answer.split()
    if metres is None:
        return None
    for count in range(1, _LONGEST + 1):
        for start in range(len(words) - count + 1):
            run = " ".join(words[start : start + count]).rstrip(".,;!")
            if parse(run) == metres and run in answer:
                return run
    return None
