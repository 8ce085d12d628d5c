"""Lengths: what a model wrote -> the length in metres that it states, with its error where it states one.

    1.2m   3'4"   half a meter   between 2 and 3 feet   1,20 m   ≈ 120 cm (4 ft)   \\boxed{1.2} m   {"distance_cm": 120}
    1.2 m ± 0.1   \\scalar{1.2} \\distance_unit{m}   not 2 m but 3 m   less than a meter

Of several lengths the final statement counts: what the model marked as its answer, else what follows the last word that
concludes ("so", "therefore", "in total"), else the first one that is not said of something for scale.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from spatialvlm.evaluate.parsing.extraction import (
    ParsedAnswer,
    find_final_answer,
    find_json,
    is_refusal,
    stated_confidence,
    strip_thinking,
    to_plain_text,
    unparsed,
)
from spatialvlm.evaluate.parsing.length_spans import LengthSpan, find_bare_number, find_lengths, with_asked_unit
from spatialvlm.evaluate.parsing.units import unit_of

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
NEAR = 16
"""Characters: "on average" so far behind a length still belongs to it."""
SAME_SHARE = 0.12
"""Two lengths in a row that differ by less are one, said twice in two units."""

_NEGATES = re.compile(
    r"(?:\bnot|n't(?:\s+be)?|\brather\s+than|\binstead\s+of|\bnever|\bcontrary\s+to)\s+"
    r"(?:be\s+|the\s+|quite\s+|exactly\s+|really\s+|about\s+|around\s+|a\s+)*$",
    re.IGNORECASE,
)
_CONCLUDES = re.compile(
    r"""\b(?:therefore|thus|hence|consequently|in\s+total|total|overall|in\s+conclusion|to\s+conclude|finally|final
      |altogether|adds?\s+up\s+to|sums?\s+(?:up\s+)?to|(?:my|best|rough|reasonable)\s+(?:best\s+)?(?:estimate|guess|answer)
      |i(?:'d|\s+would)?\s+(?:estimate|guess|say)|let's\s+say|(?:gives|giving|makes?|means|suggests?)(?!\s+it\s+hard)|we\s+get
      |puts?|comes?\s+to|works\s+out|based\s+on\s+(?:this|these|that|the\s+above)|(?:the|their)\s+\w*\s*difference|so|most\s+likely|i\.e\.|that\s+is,|the\s+answer|asked|wait|actually|correction|though,|i\s+mean|scratch\s+that)
      (?!\w)|=|≈|^\W*(?:distance|height|width|length|depth|gap|size|result|estimate)\s*(?:\([^)]*\))?\s*[:=]""",
    re.IGNORECASE | re.VERBOSE | re.MULTILINE,
)
_FOR_SCALE = re.compile(
    r"""\b(?:typical(?:ly)?|standard|average|usual(?:ly)?|common(?:ly)?|generally|assum\w+|reference|for\s+scale|known
      |normally|most\s+\w+\s+(?:are|is)|initial(?:ly)?|first\s+impression|such\s+as|each|every|at\s+first)\b""",
    re.IGNORECASE | re.VERBOSE,
)
_GIVEN = re.compile(
    r"\s*(?:and\s+|but\s+)?(?:assuming|given|based|if|using|considering|since|because|suppos\w+|compar\w+|with|who|whose"
    r"|which\s+(?:is|are|has|measures?))\b",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r"(?<=[.!?;:])\s+|\n+|,\s+|\s+but\s+|\((?=[^)]{0,60}\))|(?<=\))\s+")
_DESCRIBED = re.compile(
    r"[\s-]+(?:(?:tall|wide|long|high|deep|thick|diameter)[\s-]+)?"
    r"(?!(?:apart|away|wide|tall|high|long|deep|thick|across|from|to|in|on|at|above|below|behind|between|and|or|but|if|so|of"
    r"|off|over|under|left|right|further|farther|closer|nearer|higher|lower|taller|shorter|wider|than|as|for|is|are|was|by"
    r"|which|given|based|with|when|measured|distance|gap|estimate|total|tops?)\b)[a-z]{2,}",
    re.IGNORECASE,
)
_APIECE = re.compile(
    r"\s*/\s*[a-z]|\s+(?:each|per|apiece)\b|[^,.]{0,10}\)?\s+(?:as|for)\s+(?:an?\s+|the\s+)?(?:reference|scale)", re.I
)
_ARTICLE = re.compile(r"\b(?:the|a|an|this|that|each|one|two|three|four|some)\s+$", re.IGNORECASE)
_STEPS = re.compile(
    r"\s*(?:step\s*1|1[.)]\s|first\b|let's|let\s+me|to\s+(?:find|estimate|determine|calculate|measure))", re.IGNORECASE
)


def parse_length(answer: str, unit: str | None = None) -> ParsedAnswer:
    """Read the length that an answer states, in metres; `unit` is what a number without a unit counts in.

    A `value` of None says in `how` why nothing was read; `refused` where the answer declines.
    """
    text = strip_thinking(answer)
    sure = stated_confidence(text)
    for found in (_in_json, _in_scalar, _in_final_answer, _anywhere):
        said = found(text, unit)
        if said is not None:
            return ParsedAnswer(said.metres, said.how, sigma=said.sigma_m, confidence=sure)
    return unparsed(text, "no number with a unit", sure)


def _in_json(text: str, unit: str | None) -> LengthSpan | None:
    for found in reversed(find_json(text)):
        lowered = {str(key).lower(): value for key, value in found.items()}
        named = next((str(lowered[key]) for key in _UNIT_KEYS if lowered.get(key)), unit)
        keys = [*_KEYS, *lowered]
        for key in dict.fromkeys(key for key in keys if key in lowered):
            said = _in_value(key, lowered[key], named)
            if said is not None:
                return replace(said, how=f"JSON, {said.how}")
    return None


def _in_value(key: str, value: object, unit: str | None) -> LengthSpan | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    tail = unit_of(key.rpartition("_")[2]) if "_" in key else unit_of(key)
    if isinstance(value, str):
        return _anywhere(value, tail.name if tail else unit)
    if key not in _KEYS and tail is None:
        return None
    counts = tail or (unit_of(unit) if unit else None)
    return None if counts is None or value < 0 else with_asked_unit(float(value), counts, 0, 0)


def _in_scalar(text: str, unit: str | None) -> LengthSpan | None:
    scalars = _SCALAR.findall(text)
    if not scalars:
        return None
    units = _DISTANCE_UNIT.findall(text)
    words = re.sub(r"\\text|[{}\\]", " ", units[-1]).strip() if units else ""
    said = _anywhere(f"{scalars[-1]} {words}", words if words else unit)
    return None if said is None else replace(said, how=f"scalar and unit, {said.how}")


def _in_final_answer(text: str, unit: str | None) -> LengthSpan | None:
    statement = find_final_answer(text)
    if statement is None:
        return None
    first = statement.strip().partition("\n")[0]
    said = _anywhere(first, unit) or _anywhere(statement, unit)
    return None if said is None else replace(said, how=f"marked answer, {said.how}")


def _anywhere(text: str, unit: str | None) -> LengthSpan | None:
    """Read the length that some words without thinking come to."""
    words = to_plain_text(text)
    found = find_lengths(words)
    if found:
        only_asides = all(_asides(words, found))
        return None if only_asides and is_refusal(words) else _conclusion(words, found)
    counts = unit_of(unit) if unit else None
    return None if counts is None else find_bare_number(words, counts)


def _conclusion(text: str, found: Sequence[LengthSpan]) -> LengthSpan:
    """Choose of all lengths in a text the one that it comes to.

    Asides do not count where anything else is said. Of the rest, what follows the last word that concludes; else the
    first.
    """
    said = [one for one, aside in zip(found, _asides(text, found)) if not aside] or list(found[-1:])
    said = _without_repeats([one for one in said if not _in_brackets(text, one)] or said)
    if len(said) == 1 or len({round(one.metres, 9) for one in said}) == 1:
        return said[0]
    for marker in reversed(list(_CONCLUDES.finditer(text))):
        behind = [one for one in said if one.start >= marker.end()]
        if behind and (marker[0] not in "=≈" or said[0].end <= marker.start()):
            chosen = _first_or_sum(text, behind)
            return replace(chosen, how=f"{chosen.how}, after {marker[0].lower()!r}")
    paragraph = text.rstrip().rfind("\n")
    if paragraph > 0 and _STEPS.match(text):
        last = [one for one in said if one.start > paragraph]
        if last:
            return replace(last[0], how=f"{last[0].how}, in the last line")
    chosen = _first_or_sum(text, said)
    return replace(chosen, how=f"{chosen.how}, first of {len(said)}")


def _asides(text: str, found: Sequence[LengthSpan]) -> list[bool]:
    """Return whether each length is denied, a premise, said for scale, or describes a thing: "the 2 m tall fridge"."""
    cuts = [0, *(cut.end() for cut in _CLAUSE.finditer(text)), len(text) + 1]
    scales = [hit.start() for hit in _FOR_SCALE.finditer(text)]
    return [_is_aside(text, said, cuts, scales) for said in found]


def _is_aside(text: str, said: LengthSpan, cuts: Sequence[int], scales: Sequence[int]) -> bool:
    before = text[max(0, said.start - 60) : said.start]
    if _NEGATES.search(before) or before.rstrip().endswith("±"):  # an error is no length
        return True
    if _DESCRIBED.match(text, said.end) and _ARTICLE.search(before):
        return True
    if _APIECE.match(text, said.end):
        return True
    place = bisect_right(cuts, said.start)
    start, end = cuts[place - 1], min(cuts[place], len(text))
    near = min(end, said.end + NEAR)
    return _GIVEN.match(text, start, end) is not None or bisect_left(scales, start) < bisect_left(scales, near)


def _in_brackets(text: str, said: LengthSpan) -> bool:
    """Return whether a length stands in round brackets: of what is said outside they tell something more."""
    return text.count("(", 0, said.start) > text.count(")", 0, said.start) and ")" in text[said.end :]


def _first_or_sum(text: str, said: Sequence[LengthSpan]) -> LengthSpan:
    """Take the first of some lengths, or what a sum that begins with it comes to: "1.2 m + 0.8 m = 2 m"."""
    for one, following in pairwise(said):
        between = text[one.end : following.start]
        if not re.fullmatch(r"\s*\)?\s*(?:[-+×x*/=≈]|plus|minus|is|equals)\s*\(?\s*", between):
            return one
    return said[-1]


def _without_repeats(found: Sequence[LengthSpan]) -> list[LengthSpan]:
    """Drop what says the length before it again in another unit: "1.2 m (about 4 ft)"."""
    kept: list[LengthSpan] = []
    for said in found:
        again = (
            kept
            and said.unit is not kept[-1].unit
            and abs(said.metres - kept[-1].metres) <= SAME_SHARE * max(said.metres, kept[-1].metres)
            and said.start - kept[-1].end < 24
        )
        if not again:
            kept.append(said)
    return kept
