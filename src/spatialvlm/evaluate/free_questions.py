"""Read answers to questions of which nobody knows the truth: a question and an answer -> the Answer that is stated.

A question in a wording of ours has its kind, which tells. Of any other its words tell what it asks for: "how far" asks
for a length, "is the" for yes or no, "the cup or the bowl" for one of the two. Where they do not, an answer with a unit
of length is a length, and all else stays text.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from spatialvlm.answers import SAME, Angle, Answer, Area, CannotTell, Choice, Clock, Count, Length, Order, YesNo
from spatialvlm.evaluate.items import AnswerReading, Relation
from spatialvlm.evaluate.own_scoring import reading_of
from spatialvlm.evaluate.parsing.extraction import ParsedAnswer, find_final_answer, strip_thinking
from spatialvlm.evaluate.parsing.length_spans import find_lengths
from spatialvlm.evaluate.parsing.relations import WORDS
from spatialvlm.evaluate.parsing.units import UNIT, unit_of
from spatialvlm.evaluate.scoring import parse_answer
from spatialvlm.kinds import KINDS, Kind

NOT_TOLD = "not told"
"""The reason of a CannotTell that an answer comes to: it gives none that is listed."""

_OPPOSITES = (
    *(("left", "right"), ("behind", "front"), ("above", "below")),
    *(("big", "small"), ("tall", "short"), ("wide", "thin")),
)
_DETERMINER = r"(?:the|an?|this|that|these|those|my|your|his|her|its|their)\s+"
_BORDER = r"""(?:[,:;?.!]|$|\s+(?:is|are|has|have|stands?|sits?|lies|takes?|looks?|reach\w*|extends?|would|does
    |fills?|spans?|covers?|occup(?:y|ies)|rises?|rests?|comes?|goes|needs?|appears?|seems?)\b)"""
_LISTED = re.compile(
    rf"(?<!\w)((?:{_DETERMINER}[^,:;?]+?,\s*)*{_DETERMINER}[^,:;?]+?,?\s+or\s+{_DETERMINER}[^,:;?]+?)\s*(?=[?.:;,]|$)",
    re.IGNORECASE,
)
_PAIR = re.compile(
    rf"\b(?:of|between|compar(?:e|ing)|among|with)\s+({_DETERMINER}[^,:;?]+?)\s+and\s+({_DETERMINER}[^,:;?]+?)"
    rf"(?={_BORDER})",
    re.IGNORECASE | re.VERBOSE,
)
_WHICH = re.compile(r"\b(?:which|whose|who|name|point\s+out|pick|choose|select)\b", re.IGNORECASE)
_OPENING = re.compile(r"\b(?:which|who|name|point\s+out)\b[^,:;]*[,:;]\s*", re.IGNORECASE)
_CLAUSE = re.compile(r"\b(?:is|are|has|have|does|one|of\s+the\s+two)\b", re.IGNORECASE)
_ORDERS = re.compile(
    r"^(?:can|could|would|will)\s+you\s+(?:please\s+)?(?:estimate|tell|give|measure|find|show|work)", re.I
)
_HOW_MANY = re.compile(rf"\bhow\s+many\s+(?!{UNIT})|\bnumber\s+of\b|\bcount\b", re.IGNORECASE)
_CLOCK = re.compile(r"\bo'?\s?clock\b|\bclock\s+(?:direction|position|face)\b|\bhour\b", re.IGNORECASE)
_ANGLE = re.compile(r"\bangles?\b|\bdegrees\b|\bbearing\b", re.IGNORECASE)
_AREA = re.compile(r"\barea\b|\bsquare\s+met", re.IGNORECASE)
_LENGTH = re.compile(
    rf"""\bhow\s+(?:far|tall|wide|high|long|deep|thick|broad|large|big|close|near|low|great|much)\b
      |\bhow\s+many\s+{UNIT}
      |\b(?:distance|height|width|length|depth|thickness|gap|separation|elevation|clearance|spacing|difference|offset|extent|(?:free\s+)?space)\b
      |\bby\s+(?:how\s+much|what)\b|\bmeasure\b|\bhow\s+\w+\s+(?:apart|away)\b|\bdiameter\b|\bruler\b|\bspan\b""",
    re.IGNORECASE | re.VERBOSE,
)
_YES_NO = re.compile(r"\b(?:say|think|true|confirm|know|check|see|tell\s+me)\s+(?:that|if|whether)\b", re.IGNORECASE)
_ASKS = re.compile(
    r"^(?:is|are|was|were|does|do|did|has|have|can|could|would|will|should)\b|[,.:;]\s*"
    r"(?:is|are|was|were|does|do|did|has|have|can|could|would|will|should)\s+(?:it|the|an?|this|that|there|you)\b",
    re.IGNORECASE,
)
_PLAINLY = re.compile(
    r"(?:about\s+|roughly\s+)?how\b(?!\s+would\s+you\s+(?:order|rank))|what(?:'s|\s+is)\s+the\s+(?!order)",
    re.IGNORECASE,
)
_NAMED_UNIT = re.compile(rf"\b(?:in|many)\s+{UNIT}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a question asks for: an answer of the form, whose value means nothing, and how answers to it are read."""

    form: Answer
    reading: AnswerReading = field(default_factory=lambda: AnswerReading(lettered=False))


def read_answer(question: str, text: str) -> Answer | None:
    """Read what an answer to a free question states; None where it states nothing of a form that is known."""
    asked = asked_form(question)
    if asked is None:
        words = strip_thinking(text)
        asked = Asked(Length(0.0)) if find_lengths(find_final_answer(words) or words) else None
    if asked is None:
        return None
    parsed = parse_answer(text, asked.form, asked.reading)
    if parsed.value is None and isinstance(asked.form, Choice):
        parsed = _by_one_side(text, asked.form.options, parsed)
    return CannotTell(NOT_TOLD) if parsed.refused and parsed.value is None else _as_answer(asked.form, parsed)


def asked_form(question: str) -> Asked | None:
    """Tell what a question asks for, by its kind or else by its words; None where neither tells."""
    text = " ".join(question.split())
    by_words = _asked_by_words(text)
    if by_words is not None and isinstance(by_words.form, Length) and _PLAINLY.match(text):
        return by_words  # whatever its kind, a length is read the same, and the wordings need not be loaded
    from spatialvlm.evaluate.own_wordings import known_question

    known = known_question(text)
    if known is None or len(known.names) < KINDS[known.kind].subjects:
        return by_words
    unit = unit_of(known.unit) if known.unit else None
    form = _form_of(KINDS[known.kind], known.names)
    return Asked(form, reading_of(form, known.kind, known.names, unit.name if unit else None))


def _form_of(kind: Kind, names: tuple[str, ...]) -> Answer:
    """Make an answer of a kind that tells something; of a comparison with "about the same" among its options."""
    made = (kind.answer(names, 1.0, outcome) for outcome in (1, 0))
    form = next(one for one in made if not isinstance(one, CannotTell))
    if isinstance(form, Choice) and kind.form.compares and SAME not in form.options:
        return Choice((*form.options, SAME), form.right)
    return form


def _asked_by_words(text: str) -> Asked | None:
    """Tell what a question asks for by its words alone."""
    if (options := _options(text)) is not None:
        return options
    if (
        re.search(r"\bhow\b", text, re.IGNORECASE) is None
        and _ASKS.search(text)
        and not (_WHICH.search(text) or _ORDERS.search(text))
    ):
        return Asked(YesNo(True))
    for pattern, form in (
        (_CLOCK, Clock(12)),
        (_ANGLE, Angle(0.0)),
        (_AREA, Area(0.0)),
        (_HOW_MANY, Count(0)),
        (_LENGTH, Length(0.0)),
    ):
        if pattern.search(text):
            return Asked(form, AnswerReading(unit=_unit(text), lettered=False))
    return Asked(YesNo(True)) if _YES_NO.search(text) else None


def _unit(text: str) -> str | None:
    """Find the unit that a question names, which a number without one counts in."""
    found = _NAMED_UNIT.search(text)
    unit = unit_of(found["word"]) if found and found["word"] else None
    return unit.name if unit else None


def _options(text: str) -> Asked | None:
    """Find what a question gives to choose from: two opposite words, or things."""
    for word, opposite in _OPPOSITES:
        one, other = (rf"\b(?:{WORDS[side]})\b" for side in (word, opposite))
        if re.search(
            rf"{one}[^,?;:]{{0,24}}\bor\b[^,?;:]{{0,24}}{other}|{other}[^,?;:]{{0,24}}\bor\b[^,?;:]{{0,24}}{one}",
            text,
            re.I,
        ):
            return Asked(Choice((word, opposite), 0))
    opening = _OPENING.search(text)
    listed = _LISTED.search(text, opening.end()) if opening else None
    listed = listed or _LISTED.search(text)
    if listed is not None:
        things: Sequence[str] = re.split(r",\s*(?:or\s+)?|\s+or\s+", listed[1])
        things = [thing for thing in things if not _CLAUSE.search(thing)]
    else:
        pair = _PAIR.search(text) if _WHICH.search(text) else None
        things = pair.groups() if pair else ()
    names = tuple(thing.strip() for thing in things if thing.strip())
    if len(names) < 2 or len({name.lower() for name in names}) < len(names):
        return None
    reading = AnswerReading(lettered=False, relation=_relation(text, names), names=names)
    return Asked(Choice(names, 0), reading)


def _relation(text: str, names: Sequence[str]) -> Relation | None:
    """Find what two things are compared by."""
    if len(names) != 2:
        return None
    rest = text
    for name in names:
        rest = rest.replace(name, " ")
    for pair in _OPPOSITES:
        for word, opposite in (pair, pair[::-1]):
            if re.search(rf"\b(?:{WORDS[word]})\b", rest, re.IGNORECASE):
                return (names[0], names[1], word, opposite)
    return None


def _by_one_side(text: str, options: tuple[str, ...], parsed: ParsedAnswer) -> ParsedAnswer:
    """Read which of two opposite words an answer says in other words: "lower down" is below."""
    if not {*options} <= {*WORDS}:
        return parsed
    said = [place for place, word in enumerate(options) if re.search(rf"\b(?:{WORDS[word]})\b", text, re.IGNORECASE)]
    return ParsedAnswer(said[0], "a word for it") if len(said) == 1 else parsed


def _as_answer(form: Answer, parsed: ParsedAnswer) -> Answer | None:
    """Turn what was parsed into an answer of the form."""
    said = parsed.value
    match form:
        case Order(items) if isinstance(said, tuple):
            return Order(tuple(items[place] for place in said if isinstance(place, int)))
        case _ if said is None or isinstance(said, tuple) or not math.isfinite(said):
            return None
        case Choice(options):
            return Choice(options, int(said))
        case YesNo():
            return YesNo(bool(said))
        case Clock():
            return Clock(int(said))
        case Count():
            return Count(max(round(said), 0))
        case Angle():
            return Angle(float(said))
        case Area():
            return Area(float(said))
        case Length():
            return Length(float(said))
        case _:
            return None
