"""Lengths: what a model wrote -> the length in metres that it states, with its error where it states one.

    1.2m   3'4"   half a meter   between 2 and 3 feet   1,20 m   ≈ 120 cm (4 ft)   \\boxed{1.2} m   {"distance_cm": 120}
    1.2 m ± 0.1   \\scalar{1.2} \\distance_unit{m}   not 2 m but 3 m   less than a meter

Of several lengths the final statement counts: what the model marked as its answer, else what follows the last word that
concludes ("so", "therefore", "in total"), else the first one that is not said of something for scale.
"""

import re
from dataclasses import replace

from spatialvlm.evaluate.reading import Reading
from spatialvlm.evaluate.reading.choosing import asides, choose
from spatialvlm.evaluate.reading.declines import declines
from spatialvlm.evaluate.reading.final import confidence, final_statement, json_objects, plain, without_thinking
from spatialvlm.evaluate.reading.joining import Mention
from spatialvlm.evaluate.reading.mentions import bare, bare_number, mentions
from spatialvlm.evaluate.reading.units import unit_of

EMPTY = "empty"
NOTHING = "no number with a unit"


def read_length(answer: str, unit: str | None = None) -> Reading:
    """The length that an answer states, in metres; `unit` is what a number without a unit counts in.

    A `value` of None says in `how` why nothing was read; `refused` where the answer declines.
    """
    text = without_thinking(answer)
    if not text.strip():
        return Reading(None, EMPTY)
    sure = confidence(text) if "onfiden" in text else None
    for found in (_in_json, _in_scalar, _in_final, _anywhere):
        said = found(text, unit)
        if said is not None:
            return Reading(said.metres, said.how, sigma=said.sigma_m, confidence=sure)
    refused = declines(plain(text))
    return Reading(None, "declines to answer" if refused else NOTHING, refused, confidence=sure)


# JSON and the tags of Q-Spatial

_KEYS = (
    "final_answer",
    "answer",
    "distance",
    "length",
    "height",
    "width",
    "gap",
    "depth",
    "value",
    "estimate",
    "result",
)
_UNIT_KEYS = ("unit", "units", "distance_unit", "measurement_unit", "unit_of_measure")
_SCALAR = re.compile(r"\\?scalar\s*\{((?:[^{}]|\{[^{}]*\})*)\}")
_DISTANCE_UNIT = re.compile(r"\\?distance_unit\s*\{((?:[^{}]|\{[^{}]*\})*)\}")


def _in_json(text: str, unit: str | None) -> Mention | None:
    for found in reversed(json_objects(text)):
        lowered = {str(key).lower(): value for key, value in found.items()}
        named = next((str(lowered[key]) for key in _UNIT_KEYS if lowered.get(key)), unit)
        keys = [*_KEYS, *lowered]
        for key in dict.fromkeys(key for key in keys if key in lowered):
            said = _in_value(key, lowered[key], named)
            if said is not None:
                return replace(said, how=f"JSON, {said.how}")
    return None


def _in_value(key: str, value: object, unit: str | None) -> Mention | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    tail = unit_of(key.rpartition("_")[2]) if "_" in key else unit_of(key)
    if isinstance(value, str):
        return _anywhere(value, tail.name if tail else unit)
    if key not in _KEYS and tail is None:
        return None
    counts = tail or (unit_of(unit) if unit else None)
    return None if counts is None or value < 0 else bare(float(value), counts, 0, 0)


def _in_scalar(text: str, unit: str | None) -> Mention | None:
    scalars = _SCALAR.findall(text)
    if not scalars:
        return None
    units = _DISTANCE_UNIT.findall(text)
    words = re.sub(r"\\text|[{}\\]", " ", units[-1]).strip() if units else ""
    said = _anywhere(f"{scalars[-1]} {words}", words if words else unit)
    return None if said is None else replace(said, how=f"scalar and unit, {said.how}")


def _in_final(text: str, unit: str | None) -> Mention | None:
    statement = final_statement(text)
    if statement is None:
        return None
    first = statement.strip().partition("\n")[0]
    said = _anywhere(first, unit) or _anywhere(statement, unit)
    return None if said is None else replace(said, how=f"marked answer, {said.how}")


def _anywhere(text: str, unit: str | None) -> Mention | None:
    """The length that some words without thinking come to."""
    words = plain(text)
    found = mentions(words)
    if found:
        only_asides = all(asides(words, found))
        return None if only_asides and declines(words) else choose(words, found)
    counts = unit_of(unit) if unit else None
    return None if counts is None else bare_number(words, counts)
