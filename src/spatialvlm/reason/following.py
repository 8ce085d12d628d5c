"""Whether an answer follows from what a workbook holds, and whether the errors decide it.

a handle, or a number    must be a result that nothing else was computed from, as far as it is written
a whole number           the nearest one, where the errors leave no other
yes or no                what the last comparison or relation says, where it was decided
a name, or names         what is greatest or least in all comparisons; in the order of relations or of comparisons
abstaining               where something could not be told
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any

from spatialvlm.answers import CannotTell, YesNo
from spatialvlm.errors import UserError
from spatialvlm.pipeline.phrase import object_names
from spatialvlm.reason.amounts import PLAIN, UNITS
from spatialvlm.reason.desk import Desk
from spatialvlm.reason.known_values import SURE, Entry

COARSEST = 0.05
YES_NO = {"yes": True, "true": True, "no": False, "false": False}
UNDECIDED = "the errors do not decide it: {} says that it {}"
_HANDLE = re.compile(r"\b[a-z]\d+\b")
_COMPARED = re.compile(r"^(.*?)(<=|>=|<|>)(.*)$")
_MOST = (
    "longer longest greater greatest larger largest bigger biggest taller tallest higher highest farther farthest "
    "further furthest wider widest more most exceed last"
)
_LEAST = (
    "shorter shortest nearer nearest closer closest smaller smallest lower lowest narrower narrowest thinner thinnest "
    "less least fewer"
)
DIRECTIONS = {str(word): 1 for word in _MOST.split()} | {str(word): -1 for word in _LEAST.split()}
SIDES: dict[str, int] = {"left": 1, "leftmost": 1, "right": -1, "rightmost": -1}
SAID_AS = {"height": ("height", "tall"), "width": ("width", "wide"), "gap": ("gap",), "distance": ("distance",)}


def why_not(given: Mapping[str, Any], desk: Desk, question: str, failed: bool) -> str:
    """Say why an answer does not follow; nothing where it does. `failed`: a call before it told nothing."""
    entries = list(desk.book.entries.values())
    if given["abstain"]:
        untold = failed or any(isinstance(one.answer, CannotTell) for one in entries)
        return "" if untold else "abstains, though every step was decided"
    value = given["value"]
    if isinstance(value, str) and value.strip() in desk.book.entries:
        return _why_not_handle(desk.book[value.strip()], entries)
    if isinstance(value, str) and value.strip().lower() in YES_NO:
        value = YES_NO[value.strip().lower()]
    if isinstance(value, bool):
        return _why_not_said(value, entries)
    if isinstance(value, str):
        return _Names(desk, question).why_not(value)
    return _why_not_number(value, str(given["unit"]), desk, entries)


def written(value: Any) -> tuple[float, float]:
    """Return a number, and half of the last place that it is written to; 19.0 says no more than 19."""
    place = value.as_tuple().exponent if isinstance(value, Decimal) else 0 if isinstance(value, int) else -12
    place = 0 if not isinstance(place, int) or (place == -1 and value == int(value)) else place
    try:
        return float(value), 0.5 * 10.0 ** min(place, 100)
    except OverflowError:  # a whole number of hundreds of digits
        return math.inf, 0.0


def _why_not_handle(entry: Entry, entries: Sequence[Entry]) -> str:
    if isinstance(entry.answer, CannotTell):
        return ""  # it says itself that it cannot be told
    if entry.value is not None:
        return "" if entry in _ends(entries) else f"{entry.handle} is not the result: others were computed from it"
    return _why_not_said(entry.answer.yes, entries) if isinstance(entry.answer, YesNo) else ""


def _ends(entries: Sequence[Entry]) -> list[Entry]:
    """List the numbers from which nothing else was computed."""
    used = {handle for one in entries if one.value is not None for handle in _HANDLE.findall(one.expression or "")}
    return [one for one in entries if one.value is not None and one.handle not in used]


def _why_not_said(wanted: bool, entries: Sequence[Entry]) -> str:
    verdicts = [one for one in entries if isinstance(one.answer, YesNo) or _undecided(one)]
    if not verdicts:
        return "no step says yes or no"
    last = verdicts[-1]
    if _undecided(last):
        return UNDECIDED.format(last.handle, last.text)
    if wanted in [one.answer.yes for one in verdicts if isinstance(one.answer, YesNo)]:
        return ""
    return f"does not follow: {last.handle} says {last.text}"


def _undecided(entry: Entry) -> bool:
    return entry.answer == CannotTell("too_close_to_call")


def _why_not_number(value: Any, unit: str, desk: Desk, entries: Sequence[Entry]) -> str:
    if unit and unit not in UNITS:
        return f"unit {unit!r} is none; expected one of {', '.join(UNITS)}"
    size, dimension = UNITS[unit] if unit else (1.0, PLAIN)
    number, half = written(value)
    if not math.isfinite(number):
        return f"value {number} is no number"
    whole = not unit and number == int(number)
    ends = [one for one in _ends(entries) if one.unit == str(dimension)]
    for entry in ends:
        assert entry.value is not None
        sigma, off = entry.sigma or 0.0, abs(number * size - entry.value)
        if whole and off <= 0.5:
            left = 0.5 - off
            return "" if left >= SURE * sigma else f"the errors do not decide it: {entry.handle} is {entry.text}"
        if off <= min(half * size, COARSEST * abs(entry.value)) + 1e-9 * max(1.0, abs(entry.value)):
            sure = abs(entry.value) >= SURE * sigma
            return "" if sure else f"the errors do not decide it: {entry.handle} is {entry.text}"
    told = ", ".join(f"{one.handle} = {one.text}" for one in ends) or "nothing of that unit"
    return f"does not follow: the results are {told}"


class _Names:
    """Judges names: which things an answer means, and what the comparisons say of them."""

    def __init__(self, desk: Desk, question: str) -> None:
        self._desk = desk
        self._names = {id_: _bare(name) for id_, name in object_names(desk.known).items()} if desk.scene else {}
        self._asked = self._without_names(question.lower())
        self._entries = list(desk.book.entries.values())
        self._nodes: dict[str, frozenset[str]] = {}
        self._greater: set[tuple[str, str]] = set()
        self._open: list[Entry] = []
        for entry in self._entries:
            self._take(entry)
        self._close()

    def why_not(self, text: str) -> str:
        """Say why a name, or a list of names, does not follow."""
        items = [item for item in re.split(r",\s*(?:and\s+)?|\s+and\s+|\s*[<>]\s*", text.strip()) if item]
        things = [self._thing(item) for item in items]
        if len(items) > 1 and all(thing is not None for thing in things) and len(set(things)) == len(things):
            return self._why_not_order([str(thing) for thing in things])
        if any(text.lower() in one.text.lower() for one in self._entries if one.handle.startswith("s")):
            return ""  # the model that sees the picture said so
        return self._why_not_choice(text)

    def _take(self, entry: Entry) -> None:
        """Take what a comparison says: which side is greater."""
        sides = _COMPARED.match(entry.expression or "")
        if sides is None or entry.value is not None:
            return
        left, right = sides[1].strip(), sides[3].strip()
        for side in (left, right):
            self._nodes[side] = frozenset(self._subjects(side))
        if isinstance(entry.answer, YesNo):
            left_is_greater = (">" in sides[2]) == entry.answer.yes
            self._greater.add((left, right) if left_is_greater else (right, left))
        else:
            self._open.append(entry)

    def _subjects(self, expression: str) -> Iterator[str]:
        for handle in _HANDLE.findall(expression):
            entry = self._desk.book.entries.get(handle)
            if entry is not None:
                yield from entry.fact.subjects if entry.fact else self._subjects(entry.expression or "")

    def _close(self) -> None:
        """Add what follows: greater than what is greater than a third."""
        while more := {(a, d) for a, b in self._greater for c, d in self._greater if b == c} - self._greater:
            self._greater |= more

    def _why_not_choice(self, text: str) -> str:
        meant = self._things_in(text)
        if not meant:
            return f"{text!r} names nothing that was measured"
        found = [node for node, about in self._nodes.items() if about and meant <= about]
        exact = [node for node in found if self._nodes[node] == meant]
        found = self._of_kind(exact or found, text)
        if not found:
            return "" if self._related(meant) else f"does not follow: nothing compares {text!r}"
        faults = [self._why_not_extreme(node) for node in found]
        return "" if "" in faults else faults[0]

    def _of_kind(self, nodes: list[str], text: str) -> list[str]:
        """Keep those whose kind of length is spoken of, where one is."""
        kinds = {node: self._desk.book[node].fact for node in nodes if node in self._desk.book.entries}
        said = {node for node, fact in kinds.items() if fact and any(w in text for w in SAID_AS.get(fact.kind, ()))}
        return [node for node in nodes if node in said] or nodes

    def _why_not_extreme(self, node: str) -> str:
        others = [one for one in self._nodes if one != node]
        above = all((node, other) in self._greater for other in others)
        below = all((other, node) in self._greater for other in others)
        if not (above or below):
            if self._open:
                return UNDECIDED.format(self._open[0].handle, self._open[0].text)
            return f"does not follow: {node} is neither the greatest nor the least of what was compared"
        wanted = _first(self._asked, DIRECTIONS)
        if wanted and wanted != (1 if above else -1):
            return f"does not follow: {node} is the {'greatest' if above else 'least'}, the question asks for the other"
        return ""

    def _why_not_order(self, things: list[str]) -> str:
        senses = [self._sense(one, other) for one, other in pairwise(things)]
        if None in senses:
            return "does not follow: no step says how two neighbours are to each other"
        ways = {sense for _, sense in filter(None, senses)}
        if len(ways) > 1:
            return "does not follow: the steps say another order"
        by_side = any(side for side, _ in filter(None, senses))
        wanted = _first(self._asked, SIDES if by_side else DIRECTIONS)
        return "" if wanted in (0, *ways) else "does not follow: it is the opposite order of the question"

    def _sense(self, one: str, other: str) -> tuple[bool, int] | None:
        """Say how one thing is to the next: by a side or not; 1 where it is more to the left, or the greater one."""
        for entry in self._entries:
            fact, answer = entry.fact, entry.answer
            if (
                fact
                and fact.kind == "left_predicate"
                and isinstance(answer, YesNo)
                and {*fact.subjects} == {one, other}
            ):
                return True, 1 if (fact.subjects[0] == one) == answer.yes else -1
        for left, right in self._greater:
            pair = self._nodes[left], self._nodes[right]
            if pair in ((frozenset({one}), frozenset({other})), (frozenset({other}), frozenset({one}))):
                return False, 1 if pair[0] == frozenset({one}) else -1
        return None

    def _related(self, meant: frozenset[str]) -> bool:
        """Tell whether a relation was decided that is about what is meant."""
        return any(
            one.fact is not None and isinstance(one.answer, YesNo) and meant <= set(one.fact.subjects)
            for one in self._entries
        )

    def _thing(self, text: str) -> str | None:
        try:
            return self._desk.known[text].instance.id
        except UserError:
            return None

    def _things_in(self, text: str) -> frozenset[str]:
        """Find the things that a text names, the longest names first."""
        alone = self._thing(text)
        if alone is not None:
            return frozenset({alone})
        left, found = text.lower(), set[str]()
        for id_, name in sorted(self._names.items(), key=lambda one: -len(one[1])):
            cut = re.sub(rf"\b{re.escape(name)}\b", " ", left)
            found |= {id_} if cut != left else set()
            left = cut
        return frozenset(found)

    def _without_names(self, text: str) -> str:
        for name in sorted(self._names.values(), key=len, reverse=True):
            text = text.replace(name, " ")
        return text


def _bare(name: str) -> str:
    return re.sub(r"^(the|a|an) ", "", name.lower())


def _first(text: str, meanings: Mapping[str, int]) -> int:
    """Return what the first of some words in a text means; 0 where none is there."""
    return next((meanings[word] for word in re.findall(r"[a-z]+", text) if word in meanings), 0)
