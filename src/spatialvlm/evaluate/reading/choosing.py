"""Of several lengths in one text the one that it comes to.

Asides (what is denied, assumed, said for scale, or describes a thing: "the 2 m tall fridge") do not count where
anything else is said. Of the rest, what follows the last word that concludes; else the first.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from spatialvlm.evaluate.reading.joining import Mention

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


def choose(text: str, found: Sequence[Mention]) -> Mention:
    """Of all lengths in a text the one that it comes to."""
    said = [one for one, aside in zip(found, asides(text, found)) if not aside] or list(found[-1:])
    said = _once([one for one in said if not _in_brackets(text, one)] or said)
    if len(said) == 1 or len({round(one.metres, 9) for one in said}) == 1:
        return said[0]
    for marker in reversed(list(_CONCLUDES.finditer(text))):
        behind = [one for one in said if one.start >= marker.end()]
        if behind and (marker[0] not in "=≈" or said[0].end <= marker.start()):
            chosen = _result(text, behind)
            return replace(chosen, how=f"{chosen.how}, after {marker[0].lower()!r}")
    paragraph = text.rstrip().rfind("\n")
    if paragraph > 0 and _STEPS.match(text):
        last = [one for one in said if one.start > paragraph]
        if last:
            return replace(last[0], how=f"{last[0].how}, in the last line")
    chosen = _result(text, said)
    return replace(chosen, how=f"{chosen.how}, first of {len(said)}")


def asides(text: str, found: Sequence[Mention]) -> list[bool]:
    """Whether each length is denied, a premise, said for scale, or describes a thing."""
    cuts = [0, *(cut.end() for cut in _CLAUSE.finditer(text)), len(text) + 1]
    scales = [hit.start() for hit in _FOR_SCALE.finditer(text)]
    return [_is_aside(text, said, cuts, scales) for said in found]


def _is_aside(text: str, said: Mention, cuts: Sequence[int], scales: Sequence[int]) -> bool:
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


def _in_brackets(text: str, said: Mention) -> bool:
    """Whether a length stands in round brackets: of what is said outside they tell something more."""
    return text.count("(", 0, said.start) > text.count(")", 0, said.start) and ")" in text[said.end :]


def _result(text: str, said: Sequence[Mention]) -> Mention:
    """The first of some lengths, or what a sum that begins with it comes to: "1.2 m + 0.8 m = 2 m"."""
    for one, following in pairwise(said):
        between = text[one.end : following.start]
        if not re.fullmatch(r"\s*\)?\s*(?:[-+×x*/=≈]|plus|minus|is|equals)\s*\(?\s*", between):
            return one
    return said[-1]


def _once(found: Sequence[Mention]) -> list[Mention]:
    """Lengths said twice in a row, in two units, once: "1.2 m (about 4 ft)"."""
    kept: list[Mention] = []
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
