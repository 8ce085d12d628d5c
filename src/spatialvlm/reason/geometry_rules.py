"""What composed questions come to: a tagged question enters, the result of the first rule that reads it leaves.

A rule reads a question where it answers in the form that is asked for, and has looked at all things and lengths that
the question names: what it has passed over would have changed the answer.
"""

import re

from spatialvlm.reason.asked_form import form_asked
from spatialvlm.reason.comparison_rules import COMPARISONS, ORDERS
from spatialvlm.reason.figure_rules import FIGURES
from spatialvlm.reason.geometry_steps import CannotMeasure, GeometrySteps, Result
from spatialvlm.reason.measured_terms import THING
from spatialvlm.reason.question_words import QuestionWords
from spatialvlm.reason.ratio_rules import RATIOS

RULES = (*RATIOS, *ORDERS, *FIGURES, *COMPARISONS)
"""Ratios and orders are told by their words, figures by theirs; plain comparisons are what is left."""
_OF_BOTH = re.compile(rf"(height|width)s? of {THING} and (?:of |that of )?{THING}")
_COUNTED = r"\bhow many (?!times|cm|cent|met|inch|feet|foot|m\b|more|widths|heights|copies|units|of those)"
"""How many things fit is no length: no rule counts."""


def follow(steps: GeometrySteps, tagged: str) -> Result | None:
    """Follow the first rule that reads a tagged question; None where none does.

    Raises CannotMeasure where one does, but what it needs cannot be told.
    """
    words = QuestionWords.of(_OF_BOTH.sub(r"\1 of <\2> and the \1 of <\3>", tagged))
    form, reason = form_asked(words.tagged), None
    if words.says(_COUNTED):
        return None
    for rule in RULES:
        if form not in rule.forms or (words.counts and not rule.counts) or not rule.fits(words):
            continue
        steps.begin()
        try:
            result = rule.follow(steps, words)
        except CannotMeasure as error:
            reason = reason or error
            continue
        read = result is not None and steps.has_used(words.things, len(words.known))
        if result is not None and read and steps.form(result) == form:
            return result
    if reason is not None:
        raise reason
    return None
