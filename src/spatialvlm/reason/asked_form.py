"""In which form a question wants its answer, by its words alone: what a rule finds in another form answers another one.

The last part of a question that asks anything counts: "..., C and D on it. Which one is wider?".
"""

import re
from typing import Literal

from spatialvlm.reason.measured_terms import THING

Form = Literal["figure", "name", "order", "yes_no"]
"""A figure is a length, a ratio or a count."""
_PARTS = re.compile(r"[.?!;:](?!\d)|,? (?:and|but|so|then),? (?=(?:is|are|does|do|can|could|would|will|which|how|by) )")
_ORDER = (
    r"\b(?:order|sort|rank|arrange|list)(?:ed|d)?\b|\bcomes? next\b|\bdo you meet\b"
    r"|\b(?:from |the )*(?:\w+(?:est|most)|left|right|front|back|near|far) to (?:the )*(?:\w+(?:est|most)|left|right"
    r"|back|front|near|far)\b"
)
_NAME = (
    rf"\bwh(?:ich|ose|o)\b(?! is \{{)|\bwhat\b[^,]*\b(?:\w+est|first|last|most|least|nearer|closer)\b"
    rf"|{THING},? or (?:rather |maybe )?(?:to |by |the |of )*{THING}\W*$|\bone of\b.*\bwhich\b"
    r"|\b(?:pick|choose|select|find|name) (?:out )?the \w+est\b"
)
_FIGURE = (
    r"\bhow (?:much|many|far|tall|wide|high|long|big|large|deep|short|close|near)\b|\bby (?:what|how)\b|\bratio\b"
    r"|\bwhat(?:'s| is| are| would| do| does| will|)?\b[^,]*\b(?:height|width|length|distances?|total|sum|mean|average"
    r"|difference|gap|space|fraction|factor|perimeter|circumference|remains?|left|amount|get|cord|rope|result|clearance"
    r"|percent\w*|room)\b"
    r"|\b(?:total|combined|add up|sum|average|mean|difference|perimeter|circumference|compute|calculate|estimate"
    r"|add together)\b"
)
_YES_NO = re.compile(
    r"(?:^|, ?|\b(?:and|so|then|but|please|if|whether|know|sure|wonder(?:ing)?|obvious to me|check|tell me) )"
    r"(?:that |it |there |this )?(?:is|are|isn't|does|do|did|can|could|would|wouldn't|will|has|have|was|were|am i|'s)\b"
    r"|\b(?:whether|if) (?:the |my |a |there|<|\[)|\blong enough\W*$|\b(?:reach|fits?|enough|work|possible|ok|okay)\W*$"
)


def form_asked(tagged: str) -> Form | None:
    """Tell the form that a tagged question asks for; None where its words do not tell."""
    for part in reversed(_PARTS.split(tagged)):
        form = _form_of(part.strip())
        if form is not None:
            return form
    return None


def _form_of(part: str) -> Form | None:
    if re.search(_ORDER, part):
        return "order"
    decides, figure, name = _YES_NO.search(part), re.search(_FIGURE, part), re.search(_NAME, part)
    if re.match(r"(?:so |and |then |please |but |well )*(?:how|by what|by how|what)\b", part) and figure:
        return "figure"
    if name and not (decides and decides.start() < name.start() and not re.search(r"\bwhich\b", part)):
        return "name"
    if decides and not (figure and figure.start() < decides.start()):
        return "yes_no"
    return "figure" if figure else None
