"""Rules about several things at once: what fits between two, triangles, lines, ways, stacks, sums and means."""

import re
from itertools import combinations, pairwise

from spatialvlm.reason.geometry_steps import GeometrySteps, Result
from spatialvlm.reason.measured_terms import THING
from spatialvlm.reason.question_words import GeometryRule, QuestionWords

ALIKE_M = 0.1
"""Sides of a triangle that differ by less are alike where a question does not say how much, as in the paper."""
_BETWEEN = rf"between {THING} and {THING}|{THING} and {THING} leave"
_ROUND = r"\bperimeter\b|all the way (?:a)?round|\bloop\b|round trip|back to (?:the )?(?:start|where)|\bhome\b"
_GOES = (
    r"\b(?:fits?|pass|room|space|enough|squeeze|gets?|go(?:es)?|drive|walk|moved?|stand|put|set down|roll|slide"
    r"|through)\b"
)


def fits(steps: GeometrySteps, words: QuestionWords) -> Result | None:
    """Decide whether something goes between two things, or how much is left: a length, or a thing by its width."""
    pair = re.search(_BETWEEN, words.tagged)
    left = words.says(r"\b(?:left|remains?|spare|to spare|leftover)\b")
    if pair is None or not (left or words.says(_GOES)):
        return None
    a, b = filter(None, pair.groups())
    third = [thing for thing in words.things if thing not in (a, b)]
    if not words.known and len(third) != 1:
        return None
    width = steps.term(words.known[0]) if words.known else steps.size(third[0], "width")
    gap = steps.distance(a, b, "gap")
    return steps.compute(f"{gap} - {width}" if left and words.says(r"how much") else f"{width} < {gap}")


def triangle(steps: GeometrySteps, words: QuestionWords) -> Result | None:
    """Decide what triangle three things make: are two sides, or all, alike within a length or a share? Or add them."""
    if len(words.things) != 3:
        return None
    sides = [steps.distance(a, b, "centers") for a, b in combinations(words.things, 2)]
    if words.says(_ROUND):
        return steps.compute(" + ".join(sides))
    said_all = words.says(r"\b(?:equilateral|equally far|all equal|all of its sides|all three|longest|same distance)\b")
    if not said_all and words.share is None and not words.known:
        said_all = words.says(r"roughly|about|approximately")  # the paper's: longest less shortest
    low, high = f"min({', '.join(sides)})", f"max({', '.join(sides)})"
    if not said_all:
        ranked = sorted(sides, key=steps.value)
        low, high = min(pairwise(ranked), key=lambda two: steps.value(two[1]) - steps.value(two[0]))
    if words.share is not None:
        return steps.compute(f"{high} < {words.share:.6g} * {low}")
    return steps.compute(f"{high} - {low} < {words.known[0].metres if words.known else ALIKE_M} m")


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
    if len(words.things) < 3:
        return None
    via = re.search(rf"from {THING} (?:by way of|via) {THING} to {THING}", words.tagged)
    to_via = re.search(rf"from {THING} to {THING} (?:by way of|via|over|passing) {THING}", words.tagged)
    stops = via.groups() if via else words.things
    stops = (to_via[1], to_via[3], to_via[2]) if to_via else stops
    walks = words.says(r"\b(?:walk|driv|floor|go straight|meters is it|roll|vacuum)\w*\b|someone")
    flies = words.says(r"through the air|fl(?:y|ies)\b|center")
    of = "horizontal" if walks and not flies else "centers"
    pairs = legs if len(legs) > 1 else [*pairwise(stops)]
    return steps.compute(" + ".join(steps.distance(a, b, of) for a, b in pairs))


def stacked(steps: GeometrySteps, words: QuestionWords) -> Result | None:
    """Add up the heights of things, one on the other."""
    if len(words.things) < 2:
        return None
    return _against(steps, words, " + ".join(steps.size(thing, "height") for thing in words.things))


def summed(steps: GeometrySteps, words: QuestionWords) -> Result | None:
    """Add up all lengths that a question speaks of, or the sizes of its things; or take their mean."""
    measured = [term for term in words.terms if term.tool != "known"]
    beside = words.says(r"side by side|next to each other|next to one another|in a row|in a line")
    of = "width" if beside else words.dimension or "height"
    lengths = [steps.term(term) for term in measured]
    if len(lengths) < 2 and words.says(r"camera distance|how far (?:away|from)|distances? (?:of|to|from) .*camera"):
        lengths = [steps.distance(thing, "camera", "centers") for thing in words.things]
    elif len(lengths) < 2 and words.says(r"\b(?:distance|legs?|path|way|trip|walk|route|length)\b"):
        return None
    elif len(lengths) < 2:
        lengths = [steps.size(thing, of) for thing in words.things]
    if len(lengths) < 2:
        return None
    if words.says(r"\b(?:average|mean)\b"):
        return steps.compute(f"mean({', '.join(lengths)})")
    return _against(steps, words, " + ".join(lengths))


def _against(steps: GeometrySteps, words: QuestionWords, total: str) -> Result:
    """Compute a sum, or hold it against a length that the question gives."""
    if not words.known:
        return steps.compute(total)
    less = words.says(r"\b(?:less|under|below|fit|within|shorter|lower|niche|shelf|room|space|place|put|into)\b")
    return steps.compute(f"{total} {'<' if less else '>'} {steps.term(words.known[0])}")


FIGURES = (
    GeometryRule(_BETWEEN, fits),
    GeometryRule(
        _ROUND + r"|\b(?:triangle|equilateral|isosceles|equally far|all equal|two equal|any two|two of the distances)\b"
        r"|all three distances|same within|three lines equally",
        triangle,
    ),
    GeometryRule(r"\b(?:line|lined up|detour|middle one|straight way)\b.*?[\d.]+ ?(?:%|percent)", in_line),
    GeometryRule(r"\bon top of\b|\bstack(?:ed|ing)?\b|\bsets? .* on\b|\btogether\b.*\b(?:tall|high)", stacked),
    GeometryRule(
        r"\b(?:sum|total (?:height|width)|combined|together|added|adds up|average|mean|side by side|in a row)\b"
        r"|next to (?:each other|one another)",
        summed,
    ),
    GeometryRule(
        r"\b(?:walk|drive|driving|way|go|goes|going|string|rope|cord|cable|straight|add up|path|travel|route|fly|hand"
        rf"|trip|total distance)\b|from {THING} to {THING} (?:and|then|to|via)",
        way,
    ),
)
