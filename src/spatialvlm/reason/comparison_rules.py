"""Rules that compare: which is nearest or longest, in which order, by how much, is it more?"""

import re

from spatialvlm.reason.geometry_steps import GeometrySteps, Result
from spatialvlm.reason.measured_terms import ME, THING, Term
from spatialvlm.reason.question_words import LEAST, LESS, MORE, GeometryRule, QuestionWords

_FAR = r"\b(?:farthest|furthest|farther|further|longest|most distant)\b"
_CHOICE = r"\bwh(?:ich|at|ose)\b|\bor\b"


def nearest_to(steps: GeometrySteps, words: QuestionWords) -> Result | None:
    """Choose the one of several things that is nearest to another, or farthest from it."""
    to = re.search(
        rf"(?:(?:nearest|closest|nearer|closer|distance) to|(?:far|fur)the(?:st|r)(?: away)? from) {THING}"
        rf"|\b(?:standing|stand|sitting|sit|starting|start|i'm|i am) (?:at|by|beside|from) {THING}|^from {THING},"
        rf"|between it and {THING}",
        words.tagged,
    )
    if to is None or len(words.things) < 3 or not words.says(_CHOICE + r"|\bof\b|\bfind\b|\bname\b|:"):
        return None
    of = "gap" if words.says(r"edge|gap|free space") else "centers"
    anchor = next(filter(None, to.groups()))
    others = [thing for thing in words.things if thing != anchor]
    far = words.says(_FAR + r"|\b(?:most|largest|widest|biggest) (?:free |empty )?(?:space|gap|room)")
    return steps.choose({thing: steps.distance(anchor, thing, of) for thing in others}, largest=far)


def nearest_to_camera(steps: GeometrySteps, words: QuestionWords) -> Result | None:
    """Choose the one of several things that is nearest to the camera, or farthest from it."""
    if len(words.things) < 2 or words.terms or words.says(rf"(?:to|from) {THING}|\b(?:to|from) (?:it|that|them)\b"):
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
    away = r"distan|far|furth|back", r"near|clos|front"
    anchor = re.search(
        rf"(?:distance|far|close|near|away)\w*(?: they are)? (?:from|to) {THING}|^from {THING},", words.tagged
    )
    if anchor is not None:
        to = str(anchor[1] or anchor[2])
        lengths = {thing: steps.distance(to, thing, "centers") for thing in words.things if thing != to}
        return steps.order(lengths, descending=_descends(words, *away))
    if words.says(r"\b(?:tops?|highest points?|reach)\b"):
        lengths = {thing: steps.term(Term("top", "", (thing,))) for thing in words.things}
        return steps.order(lengths, descending=_descends(words, r"high|tall", r"low"))
    of = "height" if words.says(r"\bsize\b") else words.dimension
    if of is None:
        lengths = {thing: steps.distance(thing, "camera", "centers") for thing in words.things}
        return steps.order(lengths, descending=_descends(words, *away))
    lengths = {thing: steps.size(thing, of) for thing in words.things}
    large, small = r"tall|high|great|wide|broad|larg|big|most", r"short|low|small|least|narrow|thin"
    return steps.order(lengths, descending=_descends(words, large, small))


def _descends(words: QuestionWords, large: str, small: str) -> bool:
    """Tell whether an order begins with what is large, by the words for large and for small ones."""
    text = re.sub(r"\bdistance\b", "", words.text)
    ones = rf"\b(?:({large})|({small}))\w*\b"
    found = re.search(rf"{ones}(?: (?:one|ones|thing))? (?:first|down)\b", text)
    found = found or re.search(r"\b(?:(decreas|descend|fall)|(increas|ascend|ris))ing\b", text)
    found = found or re.search(ones, text)
    return found is None or found[1] is not None


def long_enough(steps: GeometrySteps, words: QuestionWords) -> Result | None:
    """Decide whether something of a length reaches from one thing to another."""
    if len(words.things) != 2 or not words.known:
        return None
    sign = ">" if words.says(r"\btoo short\b") else "<"
    return steps.compute(f"{steps.distance(*words.things, 'centers')} {sign} {steps.term(words.known[0])}")


def how_high(steps: GeometrySteps, words: QuestionWords) -> Result | None:
    """Say how high the top or the bottom of a thing is."""
    if len(words.things) != 1 or words.known:
        return None
    thing = words.things[0]
    if words.says(r"\b(?:bottom|lower edge|underside|lowest point|begins?|starts?)\b"):
        return steps.compute(steps.size(thing, "elevation"))
    return steps.compute(steps.term(Term("top", "", (thing,))))


def how_much_more(steps: GeometrySteps, words: QuestionWords) -> Result | None:
    """Say by how much one length is more than another."""
    left_over = words.says(r"\b(?:left|remains?|spare|leftover)\b") and not words.says("subtract")
    adds = words.says(r"\b(?:total|sum|altogether|halfway)\b")
    pair = None if left_over or adds or (words.known and words.says("between")) else _two_lengths(steps, words)
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
    if words.says(r"\b(?:bottom|touch|grab|stay|below|under|beneath)\b(?! the top)"):
        return None
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
    if len(words.terms) == 2 and re.search(
        r"\b(?:than|below|under|above|over|beyond|exceeds?) (?:that|this)\b", words.text
    ):
        pair = pair[1], pair[0]  # the length was given first
    more, less = re.search(MORE, words.text), re.search(LESS, words.text)
    smaller = less is not None and (more is None or less.start() < more.start())
    return steps.compute(f"{pair[0]} {'<' if smaller else '>'} {pair[1]}")


def _two_lengths(steps: GeometrySteps, words: QuestionWords) -> tuple[str, str] | None:
    """Measure the two lengths that are compared: terms, distances to two things, or sizes of things."""
    if len(words.terms) == 2:
        return steps.term(words.terms[0]), steps.term(words.terms[1])
    for form, (a, b), (c, d) in _TWO_DISTANCES:
        found = re.search(form, words.tagged)
        if found is not None and len({*found.groups()}) == len(words.things):
            return steps.distance(found[a], found[b], "centers"), steps.distance(found[c], found[d], "centers")
    if len(words.terms) == 1 and words.known:
        return _against_known(steps, words)
    if len(words.things) == 1 and not words.terms and words.says(r"than (?:it|they) (?:is|are) (?:tall|wide|high)\b"):
        of = ("height", "width") if words.says(r"than (?:it|they) (?:is|are) wide") else ("width", "height")
        return steps.size(words.things[0], of[0]), steps.size(words.things[0], of[1])
    alone = re.findall(THING, words.text)
    if len(words.terms) == 1 and len(alone) == 1 and words.dimension is not None:
        pair = steps.term(words.terms[0]), steps.size(alone[0], words.dimension)
        return pair if words.text.index("[0]") < words.text.index(f"<{alone[0]}>") else (pair[1], pair[0])
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
    if words.says(rf"\b(?:from {ME}|away|{ME} and|camera)\b") and words.dimension is None:
        return steps.distance(words.things[0], "camera", "centers"), known
    return None if words.dimension is None else (steps.size(words.things[0], words.dimension), known)


_STANDS = "(?:is|are|does|do|lies?|stands?|sits?|hangs?|was)"
_HOW_NEAR = (
    r"(?:clos|near|far|furth)\w*(?: away)?|(?:shorter|longer|smaller|greater|larger|less)(?: \w+)? (?:distance|way|far)"
)
_LEFT_OUT = r"[^<\[]*?\b"
_TWO_DISTANCES = (
    (
        rf"{THING}{_LEFT_OUT}(?:{_HOW_NEAR}) (?:to|from) {THING}{_LEFT_OUT}than (?:it {_STANDS} )?(?:to|from) {THING}",
        (1, 2),
        (1, 3),
    ),
    (rf"{THING}{_LEFT_OUT}(?:{_HOW_NEAR}) (?:to|from) {THING}{_LEFT_OUT}than {THING} {_STANDS}\b", (1, 2), (3, 2)),
    (rf"{THING} and {THING} (?:{_HOW_NEAR}) (?:apart|together|to each other) than {THING} and {THING}", (1, 2), (3, 4)),
)
"""Two distances that are compared, and of which of the things found."""
_BY_HOW_MUCH = (
    r"\bhow much\b|\bdifference\b|\bby (?:how|what)\b|\bwhat amount\b|\bminus\b|\bextra\b|\bdiffer\b"
    r"|\bhow many (?:meters|centimeters|inches|feet|cm|m)\b"
)
_ORDER = (
    r"\b(?:order|sort|rank|arrange)\b|\b(?:from )?(?:the )?\w+(?:est|most) to (?:the )?\w+(?:est|most)\b"
    r"|which comes next|lined up, going|stood side by side|do you meet|\blist\b|\bfirst\b.*\blast\b"
    r"|from left to right|from right to left|left to right:"
)
ORDERS = (GeometryRule(_ORDER, in_order, ("order",)),)
COMPARISONS = (
    GeometryRule(_BY_HOW_MUCH, how_much_more, ("figure",)),
    GeometryRule(
        r"\blong enough\b|\b(?:reach|stretch|run|go)(?:es)? from\b|\bspan\b"
        r"|\b(?:rope|string|cord|cable|ribbon|lead|wire)\b",
        long_enough,
        ("yes_no",),
    ),
    GeometryRule(
        r"\b(?:near|clos|far|furth)(?:e?r|est|thest|ther)\b|shortest distance|longest distance", nearest_to, ("name",)
    ),
    GeometryRule(r"\b(?:near|clos|far|furth)(?:e?r|est|thest|ther)\b|most distant", nearest_to_camera, ("name",)),
    GeometryRule(rf"{THING},.*\bfirst\b|most (?:free |empty )?space|whatever is closer", nearest_to, ("name",)),
    GeometryRule(
        r"\bhow high\b|\bwhat height\b|\bhow far (?:above|up|off)\b|\bheight of the (?:top|bottom)\b",
        how_high,
        ("figure",),
    ),
    GeometryRule(_CHOICE + r"|\b\w+est of\b|\bthe \w+est\b", which_is_more, ("name",)),
    GeometryRule(r"\b(?:top|reach(?:es)?|rises?|highest point|stick up|taller than .* above)\b", tops, ("yes_no",)),
    GeometryRule(rf"{MORE}|{LESS}|first one|at least|at most", is_more, ("yes_no",)),
)
