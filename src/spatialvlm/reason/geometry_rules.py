"""What composed questions come to: a tagged question enters, the result of the first rule that reads it leaves."""

import re

from spatialvlm.reason.comparison_rules import COMPARISONS
from spatialvlm.reason.figure_rules import FIGURES
from spatialvlm.reason.geometry_steps import GeometrySteps, Result
from spatialvlm.reason.measured_terms import THING
from spatialvlm.reason.question_words import QuestionWords

FIRST = 4
RULES = (*COMPARISONS[:FIRST], *FIGURES, *COMPARISONS[FIRST:])
"""Ratios and orders are told by their words, figures by theirs; plain comparisons are what is left."""
_OF_BOTH = re.compile(rf"(height|width)s? of {THING} and (?:of |that of )?{THING}")


def follow(steps: GeometrySteps, tagged: str) -> Result | None:
    """Follow the first rule that reads a tagged question; None where none does."""
    words = QuestionWords.of(_OF_BOTH.sub(r"\1 of <\2> and the \1 of <\3>", tagged))
    for rule in RULES:
        result = rule.follow(steps, words) if rule.fits(words) else None
        if result is not None:
            return result
    return None
