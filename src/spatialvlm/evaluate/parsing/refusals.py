"""Read refusals: whether an answer says that the image does not tell. A hedge before an answer is none.

It can't be told from this image.   Cannot be determined   It's not visible.   {"answer": "not enough information"}
"""

import re

from spatialvlm.evaluate.parsing.extraction import (
    REFUSES,
    ParsedAnswer,
    find_segments,
    stated_confidence,
    strip_thinking,
    to_plain_text,
    unparsed,
)
from spatialvlm.evaluate.parsing.length_spans import find_lengths
from spatialvlm.evaluate.parsing.yes_no_answers import begins_with_yes_or_no

_KEYS = ("final_answer", "answer", "value", "result", "prediction", "choice")
_UNTOLD = re.compile(
    r"""(?:\bnot|n't)\s+(?:\w+ly\s+)?(?:be\s+)?(?:visible|shown|seen|pictured|present|in\s+(?:view|sight|the\s+(?:image|picture|photo|frame))
        |known|clear|possible|determinable|answerable)\b
      | \b(?:unclear|unknown|undetermined|indeterminate|inconclusive|unanswerable|ambiguous)\b
      | \b(?:out\s+of|outside|beyond)\s+(?:of\s+)?(?:the\s+)?(?:view|sight|frame|image|picture|photo)\b
      | \bthere(?:\s+is|'s|\s+are)\s+no\b[^.!?\n]{0,40}\b(?:image|picture|photo|scene|view)\b
      | \b(?:can(?:\s?not|'t)|could(?:\s+not|n't))\s+(?:say|tell|know|judge)\b
      | \bno\s+(?:\w+\s+)?(?:answer|way)\b
      | \bnobody\s+(?:can|could)\s+(?:tell|say|know)\b
      | \bnot\s+from\s+this\s+(?:image|picture|photo|view)\b
      | ^\W*(?:(?:it's|it\s+is)\s+)?(?:(?:partly|mostly|fully|bottom|top|its\s+bottom)\s+)?
        (?:hidden|cut\s+off|occluded|covered)\W*$
      | \b(?:is|are|it's)\s+(?:\w+ly\s+)?(?:hidden|cut\s+off|cropped|truncated|occluded|covered|obscured|blocked)\b
      | \b(?:not|n't)\s+show\s+(?:all\s+of\s+|the\s+(?:whole|full|entire))""",
    re.IGNORECASE | re.VERBOSE,
)
_GUESSES = re.compile(
    r"""\b(?:but|however|though|maybe|perhaps|probably|likely|appears?|seems?|looks?
      |(?:my|best|rough)\s+(?:best\s+)?(?:guess|estimate)|i(?:'d|\s+would)\s+(?:estimate|guess|say|choose|pick))\b""",
    re.IGNORECASE | re.VERBOSE,
)


def parse_refusal(answer: str) -> ParsedAnswer:
    """Read whether an answer says that it cannot be told: True, or None where it answers."""
    text = strip_thinking(answer)
    if not text.strip():
        return unparsed(text, "")
    segment, origin = next(find_segments(text, _KEYS, (str,)))
    sure = stated_confidence(text)
    if _declines(to_plain_text(segment)):
        return ParsedAnswer(True, f"{origin}cannot be told", refused=True, confidence=sure)
    return ParsedAnswer(None, "answers, or says something else", confidence=sure)


def _declines(text: str) -> bool:
    """Return whether nothing else is said, and nothing guessed after it is said that it cannot be told."""
    ends = [hit.end() for pattern in (REFUSES, _UNTOLD) for hit in pattern.finditer(text)]
    answers = begins_with_yes_or_no(text) or find_lengths(text) or (ends and _GUESSES.search(text, max(ends)))
    return bool(ends) and not answers
