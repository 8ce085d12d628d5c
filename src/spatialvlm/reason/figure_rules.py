"""Rules about several things at once: what fits between two, triangles, lines, ways, stacks, sums and means."""

import re
from itertools import combinations, pairwise

from spatialvlm.reason.geometry_steps import GeometrySteps, Result
from spatialvlm.reason.measured_terms import ME, THING
from spatialvlm.reason.question_words import LESS, GeometryRule, QuestionWords

ALIKE_M = 0.1
"""Sides of a triangle that differ by less are alike where a question does not say how much, as in the paper."""
_BETWEEN = rf"between {THING} and {THING}|{THING} and {THING} leave"
_ROUND = (
    r"\bperimeter\b|\bcircumference\b|add\w* up all (?:its |of its |the |three )*sides|all the way (?:a)?round"
    r"|\bloop\b|round trip|back to (?:the )?(?:start|where)|\bhome\b|back to <"
)
_BESIDE = (
    r"side by side|next to each other|next to one another|in a row|in a line|edge to edge|take up|width-?wise|lined? up"
)
_WALKS = r"\b(?:walk|driv|floor|go straight|meters is it|roll|vacuum)\w*\b|someone"
_FROM_CAMERA = (
    rf"camera distance|distances? to (?:the )?(?:camera|viewer)|how far (?:away|from)|\bfrom {ME}\b"
    r"|distances? (?:of|to|from) .*camera"
)
_GOES = (
    r"\b(?:fits?|pass|room|space|enough|squeeze|gets?|clearance|go(?:es)?|drive|walk|moved?|stand|put|set down|roll"
    r"|slide|through)\b"
)


def fits(steps: GeometrySteps, words: QuestionWords) -> Result | None:
    """Decide whether something goes between two things, or how much is left: a length, or a thing by its width."""
    pair = re.search(_BETWEEN, words.tagged)
    left = words.says(r"\b(?:left|remains?|spare|to spare|leftover)\b")
    if (
        pair is None
        or not (left or words.says(_GOES))
        or words.says(r"\b(?:than|times|one of|how many (?!cm|centim|met|inch|feet|foot|m\b))\b")
    ):
        return None
    a, b = filter(None, pair.groups())
    third = [thing for thing in words.things if thing not in (a, b)]
    if (not words.known and len(third) != 1) or len(words.terms) - len(words.known) > 1:
        return None
    width = steps.term(words.known[0]) if words.known else steps.size(third[0], "width")
    gap = steps.distance(a, b, "gap")
    if words.says(r"\b(?:how (?:much|many)|by what)\b"):
        return steps.compute(f"abs({gap} - {width})")
    too = words.says(r"\btoo (?:wide|big|large|broad|narrow|small|tight)\b")
    return steps.compute(f"{width} {'>' if too else '<'} {gap}")


def triangle(steps: GeometrySteps, words: QuestionWords) -> Result | None:
    """Decide what triangle three things make: are two sides, or all, alike within a length or a share? Or add them."""
    if len(words.things) != 3 or words.says(r"\b(?:tip|base|apex)\b"):
        return None
    of = "horizontal" if words.says(_ROUND) and words.says(_WALKS) else "centers"
    sides = [steps.distance(a, b, of) for a, b in combinations(words.things, 2)]
    if words.says(_ROUND):
        return steps.compute(" + ".join(sides))
    found = re.search(r"\bhow long is the (longest|shortest) side", words.tagged)
    if found is not None:
        return steps.compute(f"{'max' if found[1] == 'longest' else 'min'}({', '.join(sides)})")
    said_all = words.says(
        r"\b(?:equilateral|equal-sided|equally far|all equal|all of its sides|all three|longest|same distance)\b"
    )
    if not said_all and words.share is None and not words.known:
        said_all = words.says(r"roughly|about|approximately")  # the paper's: longest less shortest
    low, high = f"min({', '.join(sides)})", f"max({', '.join(sides)})"
    if not said_all:
        ranked = sorted(sides, key=steps.value)
        low, high = min(pairwise(ranked), key=lambda two: steps.value(two[1]) - steps.value(two[0]))
    if words.share is not None:
        return steps.compute(f"{high} < {words.share:.6g} * {low}")
    alike = steps.term(words.known[0]) if words.known else f"{ALIKE_M} m"
    return steps.compute(f"{high} - {low} < {alike}")


def in_line(steps: GeometrySteps, words: QuestionWords) -> Result | None:
    """Decide whether three things stand in one line, by the detour over the one in the middle."""
    if len(words.things) != 3 or words.share is None:
        return None
    sides = sorted((steps.distance(a, b, "centers") for a, b in combinations(words.things, 2)), key=steps.value)
    return steps.compute(f"{sides[0]} + {sides[1]} < {words.share:.6g} * {sides[2]}")


def way(steps: GeometrySteps, words: QuestionWords) -> Result | None:
    """Add up the way over several things: along the floor for who walks or drives, else through the air."""
    legs = re.findall(rf"from {THING} (?:straight )?to {THING}", words.tagged)
    if len(words.things) == 2 and words.says(r"\band back\b|there and back|return"):
        return steps.compute(f"2 * {steps.distance(*words.things, 'centers')}")
    if len(words.things) < 3 or words.says(r"\bthan\b(?! [\[{])|\bback\b|\bdiffer|\bby (?:how|what)\b"):
        return None
    via = re.search(rf"from {THING} (?:by way of|via) {THING} to {THING}", words.tagged)
    to_via = re.search(rf"from {THING} to {THING} (?:by way of|via|over|passing) {THING}", words.tagged)
    stops = via.groups() if via else words.things
    stops = (to_via[1], to_via[3], to_via[2]) if to_via else stops
    walks = words.says(_WALKS)
    flies = words.says(r"through the air|fl(?:y|ies)\b|center")
    of = "horizontal" if walks and not flies else "centers"
    pairs = legs if len(legs) > 1 else [*pairwise(stops)]
    return _against(steps, words, " + ".join(steps.distance(a, b, of) for a, b in pairs))


def stacked(steps: GeometrySteps, words: QuestionWords) -> Result | None:
    """Add up the heights of things, one on the other."""
    if len(words.things) < 2 or words.says(r"(?:above|off|from) the floor"):
        return None
    one = re.search(rf"(?:than|exceed|beat) (?:the height of )?{THING}", words.tagged)
    turned = re.search(rf"{THING} [^<]*\bthan (?:a |the )?(?:stack|pile|tower)", words.tagged)
    alone = one or turned
    pile = " + ".join(steps.size(thing, "height") for thing in words.things if alone is None or thing != alone[1])
    if alone is None:
        return _against(steps, words, pile)
    return _against_thing(steps, words, f"({pile})", steps.size(alone[1], "height"), turned=turned is not None)


def summed(steps: GeometrySteps, words: QuestionWords) -> Result | None:
    """Add up all lengths that a question speaks of, or the sizes of its things; or take their mean."""
    if words.says(r"\bhow (?:much|far) (?:more|longer|shorter)\b"):
        return None
    measured = [term for term in words.terms if term.tool != "known"]
    of = "width" if words.says(_BESIDE) else words.dimension or "height"
    mean = words.says(r"\b(?:average|mean)\b")
    alone = re.search(
        rf"{THING} [^<]*\bthan (?:the )?(?:\w+ )?(?:mean|average|sum|total|combined)"
        rf"|{THING} [^<]*\bthan {THING} and {THING} (?:are )?(?:put |taken )?(?:together|combined|in total|on average)",
        words.tagged,
    )
    if alone is not None:
        one = str(alone[1] or alone[2])
        if re.search(r"\b(?:clos|near|far|furth)", words.text):
            found = [steps.distance(thing, "camera", "centers") for thing in (one, *_others(words, one))]
        else:
            found = [steps.size(thing, of) for thing in (one, *_others(words, one))]
        total = f"mean({', '.join(found[1:])})" if mean else f"({' + '.join(found[1:])})"
        return _against_thing(steps, words, found[0], total, turned=False)
    lengths = [steps.term(term) for term in measured]
    if len(lengths) < 2 and words.says(_FROM_CAMERA):
        lengths = [steps.distance(thing, "camera", "centers") for thing in words.things]
    elif len(lengths) < 2 and words.says(r"\b(?:distance|legs?|path|way|trip|walk|route|length)\b"):
        return None
    elif len(lengths) < 2:
        lengths = [steps.size(thing, of) for thing in words.things]
    if len(lengths) < 2:
        return None
    if mean:
        return _against(steps, words, f"mean({', '.join(lengths)})")
    return _against(steps, words, " + ".join(lengths))


def _against(steps: GeometrySteps, words: QuestionWords, total: str) -> Result:
    """Compute a sum, or hold it against a length that the question gives."""
    if not words.known:
        return steps.compute(total)
    less = words.says(r"\b(?:less|under|below|fit|within|shorter|lower|niche|shelf|room|space|place|put|into)\b")
    less = less or words.says(r"\b(?:enough|sufficient|reach|last)\b")
    return steps.compute(f"{total} {'<' if less else '>'} {steps.term(words.known[0])}")


def _against_thing(steps: GeometrySteps, words: QuestionWords, one: str, other: str, *, turned: bool) -> Result:
    """Say how much two lengths differ, or whether the first is more; `turned` where the second is spoken of."""
    if words.says(r"\b(?:how (?:much|many)|by what)\b"):
        return steps.compute(f"abs({one} - {other})")
    less = words.says(LESS) != turned
    return steps.compute(f"{one} {'<' if less else '>'} {other}")


def _others(words: QuestionWords, one: str) -> list[str]:
    return [thing for thing in words.things if thing != one]


FIGURES = (
    GeometryRule(_BETWEEN, fits, ("yes_no", "figure")),
    GeometryRule(
        _ROUND + r"|\b(?:triangle|equilateral|isosceles|equally far|all equal|two equal|any two|two of the distances)\b"
        r"|all three distances|same within|three lines equally",
        triangle,
        ("yes_no", "figure"),
        counts=True,
    ),
    GeometryRule(
        r"\b(?:line|lined up|detour|middle one|straight way)\b.*?[\d.]+ ?(?:%|percent)",
        in_line,
        ("yes_no",),
        counts=True,
    ),
    GeometryRule(
        r"\bon top of\b|\b(?:stack|pile|pil)(?:ed|ing)?\b|\btower\b|\bsets? .* on\b|\btogether\b.*\b(?:tall|high)",
        stacked,
        ("yes_no", "figure"),
    ),
    GeometryRule(
        r"\b(?:sum|total (?:height|width)|combined|together|added|adds up|average|mean|side by side|in a row)\b"
        r"|next to (?:each other|one another)|" + _BESIDE,
        summed,
        ("yes_no", "figure"),
    ),
    GeometryRule(
        r"\b(?:walk|drive|driving|way|go|goes|going|string|rope|cord|cable|straight|add up|path|travel|route|fly|hand"
        rf"|trip|total distance)\b|from {THING} to {THING} (?:and|then|to|via)",
        way,
        ("yes_no", "figure"),
    ),
)
