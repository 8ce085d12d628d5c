"""Rules about ratios: how many times as tall, is it twice as far, what share of the width?"""

import re

from spatialvlm.reason.geometry_steps import GeometrySteps, Result
from spatialvlm.reason.measured_terms import ME, NUMBERS, THING
from spatialvlm.reason.question_words import WIDE, GeometryRule, QuestionWords

_TIMES = {
    "one and a half": 1.5,
    **NUMBERS,
    "twice": 2.0,
    "double": 2.0,
    "half": 0.5,
    "a third": 1 / 3,
    "a quarter": 0.25,
}
_SAID_TIMES = rf"\b({'|'.join(_TIMES)}|[\d.]+)\b(?= times| as | the (?:height|width))|by ({'|'.join(_TIMES)}|[\d.]+)\b"
_UNIT = (
    r"(?:as (?:tall|wide|high|broad) as|than|times (?:the (?:height|width) of|that of)|multiply the (?:height|width) of"
    r"|divided by the (?:height|width) of|copies of|would the (?:height|width) of|if the (?:height|width) of|\bif"
    r"|how many (?:widths|heights) of|compared (?:with|to))"
)
_RATIO = r"\bhow many\b|\bfactor\b|\bratio\b|\bmultiply\b|\bdivided\b|\bfraction\b|\bpercent"


def times(steps: GeometrySteps, words: QuestionWords) -> Result | None:
    """Say how many times as tall or wide one thing is, or whether it is more than so many times."""
    if len(words.terms) == 2 and not words.known:
        if any(term.factor != 1.0 for term in words.terms) or not words.says(_RATIO):
            return None
        one, other = (steps.term(term) for term in words.terms)
        turned = re.search(
            r"(?:multiply|how many times|fraction of|share of|percent of)(?: would| is)? \[0\]", words.text
        )
        return steps.compute(f"{other} / {one}" if turned else f"{one} / {other}")
    itself = re.search(r"as (wide|tall|high) as (?:it|they) (?:is|are) (?:wide|tall|high)", words.tagged)
    if len(words.things) == 1 and itself is not None:
        wide, tall = (steps.size(words.things[0], of) for of in ("width", "height"))
        return steps.compute(f"{wide} / {tall}" if itself[1] == "wide" else f"{tall} / {wide}")
    if len(words.things) != 2 or words.terms:
        return None
    limit = re.search(_SAID_TIMES, words.tagged)
    if words.says(r"\b(?:far|farther|further|distant|near|close)\b"):
        unit, other = _ratio_of(words)
        away = [steps.distance(thing, "camera", "centers") for thing in (other, unit)]
        if limit is None or words.says(r"how many|by what"):
            return steps.compute(f"{away[0]} / {away[1]}")
        return _held_against(steps, words, away[0], str(limit[1] or limit[2]), away[1])
    of = "width" if re.search(WIDE, words.tagged) or words.says("side by side") else "height"
    unit, other = _ratio_of(words)
    if limit is None or words.says(r"how many|whole number|nearest|fraction|ratio"):
        return steps.compute(f"{steps.size(other, of)} / {steps.size(unit, of)}")
    return _held_against(steps, words, steps.size(other, of), str(limit[1] or limit[2]), steps.size(unit, of))


def _held_against(steps: GeometrySteps, words: QuestionWords, length: str, times: str, unit: str) -> Result:
    sign = "<" if words.says(r"less than|not even|under\b") else ">"
    return steps.compute(f"{length} {sign} {_TIMES.get(times) or float(times)} * {unit}")


def _ratio_of(words: QuestionWords) -> tuple[str, str]:
    """Tell which thing is the unit, and which is measured by it."""
    found = re.search(rf"{_UNIT} {THING}|times as \w+(?: from {ME})? (?:is|are|was) {THING} as {THING}", words.tagged)
    found = found or re.search(rf"as far (?:away )?(?:from {ME} )?as {THING}", words.tagged)
    unit = found[found.lastindex or 1] if found is not None else words.things[0]
    if words.says(rf"times the (?:height|width) of {THING} is"):
        unit = words.things[0]
    return unit, next(thing for thing in words.things if thing != unit)


RATIOS = (
    GeometryRule(
        r"how many times|how many copies|whole number|(?:more|less) than .* times|\btimes (?:as|the)\b|\bunits?\b"
        r"|\bstill\b|multiply|\b(?:twice|double|half) (?:as|the)\b|by what factor|\bratio\b|\bfraction\b"
        r"|how many widths",
        times,
        ("yes_no", "figure"),
        counts=True,
    ),
)
