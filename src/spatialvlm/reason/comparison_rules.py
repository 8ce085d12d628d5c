"""Rules that compare: how many times, which is nearest or longest, in which order, by how much, is it more?"""

import re

from spatialvlm.reason.geometry_steps import GeometrySteps, Result
from spatialvlm.reason.measured_terms import ME, NUMBERS, THING, Term
from spatialvlm.reason.question_words import LEAST, LESS, MORE, WIDE, GeometryRule, QuestionWords

_TIMES = NUMBERS | {"twice": 2.0, "double": 2.0, "half": 0.5, "a third": 1 / 3, "a quarter": 0.25}
_SAID_TIMES = rf"\b({'|'.join(_TIMES)}|[\d.]+)\b(?= times| as | the (?:height|width))|by ({'|'.join(_TIMES)}|[\d.]+)\b"
_UNIT = (
    r"(?:as (?:tall|wide|high|broad) as|than|times (?:the (?:height|width) of|that of)|multiply the (?:height|width) of"
    r"|divided by the (?:height|width) of|copies of|would the (?:height|width) of|if the (?:height|width) of|\bif)"
)
_FAR = r"\b(?:farthest|furthest|farther|further|longest|most distant)\b"
_CHOICE = r"\bwh(?:ich|at|ose)\b|\bor\b"


def times(steps: GeometrySteps, words: QuestionWords) -> Result | None:
    """Say how many times as tall or wide one thing is, or whether it is more than so many times."""
    if len(words.terms) == 2 and not words.known:
        if any(term.factor != 1.0 for term in words.terms) or not words.says(r"how many|factor|ratio|multiply|divided"):
            return None
        one, other = (steps.term(term) for term in words.terms)
        turned = words.says(r"multiply|how many times (?:would )?the (?:height|width) of")
        return steps.compute(f"{other} / {one}" if turned else f"{one} / {other}")
    if len(words.things) != 2:
        return None
    if words.says(r"\b(?:far|farther|further|distant|near|close)\b"):
        away = [steps.distance(thing, "camera", "centers") for thing in words.things]
        return steps.compute(f"{away[0]} / {away[1]}")
    of = "width" if re.search(WIDE, words.tagged) or words.says("side by side") else "height"
    unit, other = _ratio_of(words)
    limit = re.search(_SAID_TIMES, words.tagged)
    if limit is None or words.says(r"how many|whole number|nearest"):
        return steps.compute(f"{steps.size(other, of)} / {steps.size(unit, of)}")
    said = str(limit[1] or limit[2])
    sign = "<" if words.says(r"less than|not even|under") else ">"
    return steps.compute(f"{steps.size(other, of)} {sign} {_TIMES.get(said) or float(said)} * {steps.size(unit, of)}")


def _ratio_of(words: QuestionWords) -> tuple[str, str]:
    """Tell which thing is the unit, and which is measured by it."""
    found = re.search(rf"{_UNIT} {THING}", words.tagged)
    unit = found[1] if found is not None else words.things[0]
    if words.says(rf"times the (?:height|width) of {THING} is"):
        unit = words.things[0]
    return unit, next(thing for thing in words.things if thing != unit)


def nearest_to(steps: GeometrySteps, words: QuestionWords) -> Result | None:
    """Choose the one of several things that is nearest to another, or farthest from it."""
    to = re.search(
        rf"(?:(?:nearest|closest|nearer|closer|distance) to|(?:far|fur)the(?:st|r)(?: away)? from) {THING}",
        words.tagged,
    )
    if to is None or len(words.things) < 3 or not words.says(_CHOICE + r"|\bof\b|\bfind\b|\bname\b|:"):
        return None
    of = "gap" if words.says(r"edge|gap|free space") else "centers"
    others = [thing for thing in words.things if thing != to[1]]
    far = words.says(_FAR)
    return steps.choose({thing: steps.distance(to[1], thing, of) for thing in others}, largest=far)


def nearest_to_camera(steps: GeometrySteps, words: QuestionWords) -> Result | None:
    """Choose the one of several things that is nearest to the camera, or farthest from it."""
    if len(words.things) < 2 or words.terms or words.says(rf"(?:to|from) {THING}"):
        return None
    if not words.says(_CHOICE) and not words.says(r"est\b|most"):
        return None
    lengths = {thing: steps.distance(thing, "camera", "centers") for thing in words.things}
    return steps.choose(lengths, largest=words.says(_FAR))


def in_order(steps: GeometrySteps, words: QuestionWords) -> Result | None:
    """Bring things in the order of a length, or from side to side."""
    if len(words.things) < 2:
        return None
    side = re.search(r"\b(left|right)(?:most)?\b", words.text)
    if side is not None:
        return steps.order_by_side(words.things, side[1])
    of = "height" if words.says(r"\bsize\b") else words.dimension
    if of is None:
        lengths = {thing: steps.distance(thing, "camera", "centers") for thing in words.things}
        return steps.order(lengths, descending=_begins_with(words, r"far|furth|back", r"near|clos|front"))
    lengths = {thing: steps.size(thing, of) for thing in words.things}
    rising = _begins_with(words, r"short|low|small|least|narrow|thin", r"tall|high|great|wide|broad|larg|big|most")
    return steps.order(lengths, descending=not rising)


def _begins_with(words: QuestionWords, these: str, others: str) -> bool:
    """Tell whether an order begins with words of the one sort: the first that is said."""
    found = re.search(rf"\b(?:({these})|({others}))\w*\b", words.text)
    return found is not None and found[1] is not None


def long_enough(steps: GeometrySteps, words: QuestionWords) -> Result | None:
    """Decide whether something of a length reaches from one thing to another."""
    if len(words.things) != 2 or not words.known:
        return None
    return steps.compute(f"{steps.distance(*words.things, 'centers')} < {steps.term(words.known[0])}")


def how_high(steps: GeometrySteps, words: QuestionWords) -> Result | None:
    """Say how high the top or the bottom of a thing is."""
    if len(words.things) != 1 or words.known:
        return None
    thing = words.things[0]
    if words.says(r"\b(?:bottom|lower edge|underside|lowest point)\b"):
        return steps.compute(steps.size(thing, "elevation"))
    return steps.compute(steps.term(Term("top", "", (thing,))))


def how_much_more(steps: GeometrySteps, words: QuestionWords) -> Result | None:
    """Say by how much one length is more than another."""
    if words.says(r"\b(?:left|remains?|spare|leftover)\b") or (words.known and words.says("between")):
        return None
    pair = _two_lengths(steps, words)
    return None if pair is None else steps.compute(f"abs({pair[0]} - {pair[1]})")


def which_is_more(steps: GeometrySteps, words: QuestionWords) -> Result | None:
    """Choose the longer or the shorter of several lengths, or the thing that has it."""
    little = re.search(rf"{LESS}|{LEAST}", words.text) is not None
    tops = words.says(r"\b(?:reach|top|highest point|covered last|farther up)")
    if len(words.terms) >= 2 and not words.known and not (tops and len(words.terms) == len(words.things)):
        return steps.choose_term(words.terms, largest=not little)
    if len(words.things) < 2 or words.known:
        return None
    if tops:
        lengths = {thing: steps.term(Term("top", "", (thing,))) for thing in words.things}
        return steps.choose(lengths, largest=not little)
    of = words.dimension
    if of is None:
        return None
    return steps.choose({thing: steps.size(thing, of) for thing in words.things}, largest=not little)


def tops(steps: GeometrySteps, words: QuestionWords) -> Result | None:
    """Decide whether a thing reaches higher than another, or than a length."""
    heights = [steps.term(Term("top", "", (thing,))) for thing in words.things]
    if len(heights) == 1 and words.known:
        return steps.compute(f"{heights[0]} > {steps.term(words.known[0])}")
    if len(heights) != 2:
        return None
    turned = words.says(rf"rests on the top of {THING} be below the top of {THING}")
    return steps.compute(f"{heights[1]} > {heights[0]}" if turned else f"{heights[0]} > {heights[1]}")


def is_more(steps: GeometrySteps, words: QuestionWords) -> Result | None:
    """Decide whether one length is more than another, or less."""
    pair = _two_lengths(steps, words)
    if pair is None:
        return None
    more, less = re.search(MORE, words.text), re.search(LESS, words.text)
    smaller = less is not None and (more is None or less.start() < more.start())
    return steps.compute(f"{pair[0]} {'<' if smaller else '>'} {pair[1]}")


def _two_lengths(steps: GeometrySteps, words: QuestionWords) -> tuple[str, str] | None:
    """Measure the two lengths that are compared: terms, distances to two things, or sizes of things."""
    if len(words.terms) == 2:
        return steps.term(words.terms[0]), steps.term(words.terms[1])
    beside = re.search(
        rf"{THING}(?: is)? (?:\w+ )?(?:to|from) {THING}(?: is)? than (?:it is )?(?:to |from )?{THING}", words.tagged
    )
    if beside is not None:
        return steps.distance(beside[1], beside[2], "centers"), steps.distance(beside[1], beside[3], "centers")
    if len(words.terms) == 1 and words.known:
        return _against_known(steps, words)
    if words.terms or len(words.things) != 2:
        return None
    if words.dimension is not None:
        sizes = [steps.size(thing, words.dimension) for thing in words.things]
        return sizes[0], sizes[1]
    if words.says(r"\b(?:farther|further|closer|nearer|distant|distance from (?:me|the camera))\b"):
        away = [steps.distance(thing, "camera", "centers") for thing in words.things]
        return away[0], away[1]
    return None


def _against_known(steps: GeometrySteps, words: QuestionWords) -> tuple[str, str] | None:
    """Measure what is held against a length that is given: a distance of two things, or the size of one."""
    known = steps.term(words.known[0])
    if len(words.things) == 2 and words.says(r"\b(?:apart|away|within|from|of|farther|closer|distance)\b"):
        return steps.distance(*words.things, "centers"), known
    if len(words.things) != 1:
        return None
    if words.says(rf"\b(?:from {ME}|away|{ME} and)\b") and words.dimension is None:
        return steps.distance(words.things[0], "camera", "centers"), known
    return None if words.dimension is None else (steps.size(words.things[0], words.dimension), known)


_BY_HOW_MUCH = (
    r"\bhow much\b|\bdifference\b|\bby (?:how|what)\b|\bwhat amount\b|\bminus\b|\bextra\b|\bdiffer\b"
    r"|\bhow many (?:meters|centimeters|inches|feet|cm|m)\b"
)
_ORDER = (
    r"\b(?:order|sort|rank|arrange)\b|\b(?:from )?(?:the )?\w+(?:est|most) to (?:the )?\w+(?:est|most)\b"
    r"|which comes next|lined up, going|stood side by side|do you meet|\blist\b|\bfirst\b.*\blast\b"
    r"|from left to right|from right to left|left to right:"
)
COMPARISONS = (
    GeometryRule(
        r"how many times|how many copies|whole number|(?:more|less) than .* times|\btimes (?:as|the)\b|\bunits?\b"
        r"|\bstill\b|multiply|\b(?:twice|double|half) (?:as|the)\b|by what factor|\bratio\b",
        times,
    ),
    GeometryRule(_ORDER, in_order),
    GeometryRule(_BY_HOW_MUCH, how_much_more),
    GeometryRule(r"\blong enough\b|\breach from\b|\bstretch from\b|\bspan\b", long_enough),
    GeometryRule(r"\b(?:near|clos|far|furth)(?:e?r|est|thest|ther)\b|shortest distance|longest distance", nearest_to),
    GeometryRule(r"\b(?:near|clos|far|furth)(?:e?r|est|thest|ther)\b|most distant", nearest_to_camera),
    GeometryRule(
        r"\bhow high\b|\bwhat height\b|\bhow far (?:above|up|off)\b|\bheight of the (?:top|bottom)\b", how_high
    ),
    GeometryRule(_CHOICE + r"|\b\w+est of\b|\bthe \w+est\b", which_is_more),
    GeometryRule(r"\b(?:top|reach(?:es)?|rises?|highest point|stick up|taller than .* above)\b", tops),
    GeometryRule(rf"{MORE}|{LESS}|first one|at least|at most", is_more),
)
