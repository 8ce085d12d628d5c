"""Read yes or no: what a model wrote -> True, False, or None where it says neither."""

import re

from spatialvlm.evaluate.items import Relation
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
from spatialvlm.evaluate.parsing.relations import parse_relation

_YES = (
    r"yes(?!\s+and\s+no\b)|yeah|yep|yup|true|correct|indeed|affirmative|(?:certainly|absolutely|definitely)(?!\s+not)"
    r"|that(?:\s+is|'s)\s+(?:so|right|correct|true)"
)
_NO = (
    r"no(?!\s+(?:doubt|one|way\s+to))|nope|false|incorrect|wrong|negative|untrue|on\s+the\s+contrary"
    r"|(?:\w+ly|they\s+(?:are|do)|it\s+(?:is|does))\s+not(?!\s+(?:possible|clear|certain|sure|known|easy))|not\s+(?:true|correct|really|quite)|(?:it\s+is\s+)?the\s+other\s+way\s+a?round"
)
_LEADS = re.compile(rf"^\W*(?:(?P<yes>{_YES})|(?P<no>{_NO}))(?!\w)", re.IGNORECASE)
_SHORT = re.compile(
    r"\W*(?:well,\s*)?(?:"
    r"(?P<no>(?:it|that|this)\s+(?:isn't|doesn't|can't|wouldn't|won't)|they\s+(?:aren't|don't)|i\s+don't\s+(?:think|believe)\s+(?:so|(?:it|that|this)\s+\w+)"
    r"|of\s+course\s+not|(?:highly\s+)?unlikely|n|not\s+at\s+all|by\s+no\s+means)"
    r"|(?P<yes>(?:it|that|this)\s+(?:is|does|can|would|will)|they\s+(?:are|do)|i\s+(?:think|believe)\s+(?:so|(?:it|that|this)\s+(?:is|does|can|would|will))|of\s+course|sure"
    r"|(?:most\s+)?(?:probably|likely)|y))\W*",
    re.IGNORECASE,
)
"""Whole answers that neither begin with yes nor with no."""
_STATES = re.compile(
    rf"\b(?:answer|statement|caption|claim|description|it|this|that)\s+(?:is|would\s+be)\s*[:\"'(]*\s*"
    rf"(?P<not>not\s+)?(?:(?P<yes>{_YES})|(?P<no>{_NO}))(?!\w)",
    re.IGNORECASE,
)
_ANYWHERE = re.compile(
    r"(?<!\w)(?:(?P<yes>yes|true)|(?P<no>no|false))(?!\w)(?!\s+(?:one|way|doubt|other))", re.IGNORECASE
)


_DENIES = re.compile(
    r"(?:\bnot|n't|\bcannot|\bnever|\bno)\b|\btoo\s+(?:narrow|small|little|wide|big|large|tight|low|short)\b|\b(?:elsewhere|other\s+than"
    r"|outside|insufficient|less\s+than|below|lower|narrower|shorter)\b",
    re.IGNORECASE,
)
_AFFIRMS = re.compile(
    r"\b(?:between|enough|fits?|room|through|pass(?:es)?|at\s+least|more\s+than|higher|taller|above|beyond|reach(?:es)?"
    r"|moved|put|wider)\b",
    re.IGNORECASE,
)
"""What denies that something is between others, fits, passes or reaches so high; and what says it."""


def parse_yes_no(answer: str, relation: Relation | None = None, *, restated: bool = False) -> ParsedAnswer:
    """Read whether an answer says yes; with a relation, a sentence about its two things counts too.

    `restated`: so does one that says the question again as a statement, or denies it: "It would fit", "Too narrow".
    """
    text = strip_thinking(answer)
    sure = stated_confidence(text)
    segments = [one["answer"] for one in reversed(find_json(text)) if "answer" in one]
    segments += [statement for statement in (find_final_answer(text),) if statement is not None]
    for segment in (*segments, text):
        found = (segment, "JSON") if isinstance(segment, bool) else _parse_text(to_plain_text(str(segment)), relation)
        if found is not None:
            return ParsedAnswer(found[0], found[1], confidence=sure)
    if relation is not None and parse_relation(to_plain_text(text), relation) == 0:
        return ParsedAnswer(None, "says about the same", confidence=sure)
    plain = to_plain_text(text)
    if restated and relation is None and not is_refusal(plain) and (_DENIES.search(plain) or _AFFIRMS.search(plain)):
        return ParsedAnswer(_DENIES.search(plain) is None, "says it again, or denies it", confidence=sure)
    return unparsed(text, "says neither yes nor no", sure)


def begins_with_yes_or_no(text: str) -> bool:
    """Return whether the first word of a plain text is yes or no."""
    return _LEADS.match(text) is not None


def _parse_text(text: str, relation: Relation | None) -> tuple[bool, str] | None:
    found = _SHORT.fullmatch(text) or _LEADS.match(text)
    if found is not None:
        return found["yes"] is not None, "begins with yes or no"
    states = list(_STATES.finditer(text))
    if states:
        return (states[-1]["yes"] is not None) != (states[-1]["not"] is not None), "says that it is so, or not"
    if relation is not None:
        sign = parse_relation(text, relation)
        if sign:
            return sign > 0, "relation"
    said = {hit["yes"] is not None for hit in _ANYWHERE.finditer(text)}
    return (said.pop(), "the only yes or no") if len(said) == 1 else None
