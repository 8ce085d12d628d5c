"""Of several lengths in one text the one that it comes to."""

import re
from dataclasses import replace
from itertools import pairwise

from spatialvlm.evaluate.reading.mentions import Mention

SAME_SHARE = 0.12
"""Two lengths in a row that differ by less are one, said twice in two units."""

_NEGATES = re.compile(
    r"(?:\bnot|n't(?:\s+be)?|\brather than|\binstead of|\bnever)\s+"
    r"(?:be\s+|quite\s+|exactly\s+|really\s+|about\s+|around\s+|a\s+)*$",
    re.IGNORECASE,
)
_CONCLUDES = re.compile(
    r"""\b(?:therefore|thus|hence|consequently|in\s+total|total|overall|in\s+conclusion|to\s+conclude|finally|final
      |altogether|adds?\s+up\s+to|sums?\s+(?:up\s+)?to|(?:my|best|rough|reasonable)\s+(?:best\s+)?(?:estimate|guess|answer)
      |i(?:'d|\s+would)?\s+(?:estimate|guess|say)|which\s+(?:gives|means|makes)|we\s+get|so)\b""",
    re.IGNORECASE | re.VERBOSE,
)
_FOR_SCALE = re.compile(
    r"""\b(?:typical(?:ly)?|standard|average|usual(?:ly)?|common(?:ly)?|generally|assum\w+|reference|for\s+scale|known
      |normally|most\s+\w+\s+(?:are|is))\b""",
    re.IGNORECASE | re.VERBOSE,
)
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z*\-])|\n+")


def choose(text: str, found: list[Mention]) -> Mention:
    """Of all lengths in a text the one that it comes to."""
    found = [said for said in found if not _NEGATES.search(text[max(0, said.start - 40) : said.start])] or found[-1:]
    found = _once(text, found)
    if len(found) == 1 or len({round(said.metres, 9) for said in found}) == 1:
        return found[0]
    for marker in reversed(list(_CONCLUDES.finditer(text))):
        behind = [said for said in found if said.start >= marker.end()]
        if behind:
            said = _result(text, behind)
            return replace(said, how=f"{said.how}, after {marker[0].lower()!r}")
    bounds = [0, *(cut.end() for cut in _SENTENCE.finditer(text)), len(text)]
    sentences = list(pairwise(bounds))
    plainly = [
        said
        for said in found
        for start, end in sentences
        if start <= said.start < end and not _FOR_SCALE.search(text, start, end)
    ]
    said = (plainly or found)[0]
    said = _result(text, [said, *(other for other in found if other.start > said.start)])
    return replace(said, how=f"{said.how}, first of {len(found)}")


def _result(text: str, found: list[Mention]) -> Mention:
    """The first of some lengths, or what a sum that begins with it comes to: "1.2 m + 0.8 m = 2 m"."""
    for said, following in pairwise(found):
        between = text[said.end : following.start]
        if not re.fullmatch(r"\s*\)?\s*(?:[-+×x*/=≈]|plus|minus|is|equals)\s*\(?\s*", between):
            return said
    return found[-1] if len(found) > 1 else found[0]


def _once(text: str, found: list[Mention]) -> list[Mention]:
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
