"""The steps that a rule takes: tools called and traced, by the letters of things; what they find has handles.

Where there is no scene, who sees the picture is asked for each length instead, in a wording of the data engine. A
result that can't be told ends the line of reasoning, by `CannotMeasure`, with the reason.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any

from spatialvlm.answers import CannotTell, YesNo
from spatialvlm.errors import SpatialError, UserError
from spatialvlm.pipeline.phrase import load_sheet
from spatialvlm.reason.asked_form import Form
from spatialvlm.reason.desk import Desk
from spatialvlm.reason.measured_terms import Term
from spatialvlm.reason.tools import call
from spatialvlm.reason.tools.distance import KINDS as DISTANCES
from spatialvlm.reason.trace import CallStep, Trace

Handle = str


class CannotMeasure(SpatialError):
    """What a rule needs cannot be told; the message says why."""


@dataclass(frozen=True, slots=True)
class Result:
    """The handle of what decides; `said` where the answer is no number but names of things."""

    handle: Handle
    said: str = ""


class GeometrySteps:
    """See the module. `things` are what the letters a, b ... mean."""

    def __init__(self, desk: Desk, things: Sequence[str], trace: Trace) -> None:
        self._desk, self._trace = desk, trace
        self._names = dict(zip("abcdefgh", things))
        self._made: dict[tuple[str, str], dict[str, Any]] = {}
        self._things: set[str] = set()
        self._known: list[float] = []
        self.calls = 0

    def begin(self) -> None:
        """Begin a rule: it has used nothing yet."""
        self._things, self._known = set(), []

    def has_used(self, things: Collection[str], known: int) -> bool:
        """Tell whether the rule has used all things, and as many given lengths."""
        return self._things >= {*things} and len(self._known) >= known

    def name(self, letter: str) -> str:
        """Return what a thing is called; whoever asks uses it."""
        self._things.add(letter)
        return self._names[letter]

    def form(self, result: Result) -> Form:
        """Tell in which form a result answers."""
        if result.said:
            return "order" if ", " in result.said else "name"
        return "yes_no" if isinstance(self._desk.book[result.handle].answer, YesNo | CannotTell) else "figure"

    def value(self, handle: Handle) -> float:
        """Return the number under a handle."""
        return self._desk.book.amounts[handle].value

    def call(self, tool: str, **arguments: Any) -> Handle:
        """Call a tool once; returns the handle. Raises CannotMeasure where it can't be told."""
        key = (tool, json.dumps(arguments, sort_keys=True))
        if key not in self._made:
            self.calls += 1
            try:
                self._made[key] = call(self._desk, tool, arguments)
                self._trace.add(CallStep(tool, key[1], self._made[key]))
            except UserError as error:
                self._trace.add(CallStep(tool, key[1], error=str(error)))
                raise CannotMeasure(str(error)) from None
        told = self._made[key]
        if tool == "ask_vlm" and "value" not in told and "answer" not in told:
            raise CannotMeasure(f"the model that sees said {told['text']!r} when asked {arguments['question']!r}")
        if "cannot_tell" in told:
            raise CannotMeasure(f"{told['text']} ({tool} of {', '.join(str(one) for one in arguments.values())})")
        return str(told["handle"])

    def size(self, thing: str, of: str) -> Handle:
        """Measure a height, a width or an elevation."""
        if self._desk.scene is None:
            return self._told(of, thing)
        return self.call("size", object=self.name(thing), of=of)

    def distance(self, a: str, b: str, of: str) -> Handle:
        """Measure a distance between two things, or to the "camera"."""
        if self._desk.scene is None:
            return self._told("camera_distance", a) if b == "camera" else self._told(DISTANCES[of], a, b)
        return self.call("distance", a=self.name(a), b="camera" if b == "camera" else self.name(b), of=of)

    def _told(self, kind: str, *things: str) -> Handle:
        """Ask who sees the picture for a fact of a kind."""
        names = dict(zip("AB", (f"the {self.name(thing)}" for thing in things)))
        return self.call("ask_vlm", question=load_sheet(kind).question(0.0).fill({**names, "P": "the floor"}))

    def term(self, term: Term) -> str:
        """Measure a term: a handle, or an expression."""
        match term.tool:
            case "known":
                self._known.append(term.metres)
                found = f"{term.metres:.6g} m"
            case "top":
                found = self._top(term.things[0])
            case "size":
                found = self.size(term.things[0], term.of)
            case _ if term.of == "camera":
                found = self.distance(term.things[0], "camera", "centers")
            case _:
                found = self.distance(term.things[0], term.things[1], term.of)
        return found if term.factor == 1.0 else f"{term.factor:.6g} * {found}"

    def _top(self, thing: str) -> str:
        height = self.size(thing, "height")
        scene = self._desk.scene
        if scene is not None and scene[self.name(thing)].bottom == "support":
            return height
        return f"({self.size(thing, 'elevation')} + {height})"

    def compute(self, expression: str) -> Result:
        """Compute an expression. Raises CannotMeasure where errors do not decide it."""
        return Result(self.call("calculate", expression=expression))

    def choose(self, lengths: Mapping[str, str], *, largest: bool) -> Result:
        """Choose the thing whose length is the largest or the smallest, if errors decide that."""
        best = self._best(list(lengths.values()), largest)
        names = [self.name(thing) for thing, length in lengths.items() if length == best[0]]
        return Result(best[1], f"the {names[0]}")

    def choose_term(self, terms: Sequence[Term], *, largest: bool) -> Result:
        """Choose the larger or the smaller of some lengths that a question speaks of."""
        lengths = [self.term(term) for term in terms]
        best, decided = self._best(lengths, largest)
        return Result(decided, self._in_words(terms[lengths.index(best)]))

    def order(self, lengths: Mapping[str, Handle], *, descending: bool) -> Result:
        """Order things by their lengths, if errors decide that between neighbours."""
        ranked = sorted(lengths, key=lambda thing: self.value(lengths[thing]), reverse=descending)
        sign = ">" if descending else "<"
        last = [self.call("calculate", expression=f"{lengths[a]} {sign} {lengths[b]}") for a, b in pairwise(ranked)][-1]
        return Result(last, ", ".join(f"the {self.name(thing)}" for thing in ranked))

    def order_by_side(self, things: Sequence[str], first: str) -> Result:
        """Order things from side to side; each pair is compared."""
        left = dict.fromkeys(things, 0)
        last = ""
        for a, b in combinations(things, 2):
            if self._desk.scene is None:
                last = self._told("left_predicate", a, b)
            else:
                last = self.call("relation", a=self.name(a), b=self.name(b), relation="left")
            answer = self._desk.book[last].text
            left[b if answer.lower().startswith("yes") else a] += 1
        ranked = sorted(things, key=lambda thing: left[thing], reverse=first == "right")
        return Result(last, ", ".join(f"the {self.name(thing)}" for thing in ranked))

    def _best(self, lengths: Sequence[str], largest: bool) -> tuple[str, Handle]:
        values = [self.value(self.call("calculate", expression=length)) for length in lengths]
        best = lengths[values.index(max(values) if largest else min(values))]
        decided = ""
        for other in lengths:
            if other != best:
                decided = self.call("calculate", expression=f"{best} {'>' if largest else '<'} {other}")
        return best, decided

    def _in_words(self, term: Term) -> str:
        names = [f"the {self.name(thing)}" for thing in term.things]
        match term.tool, term.of:
            case "distance", "camera":
                return f"the distance of {names[0]} from the camera"
            case "distance", of:
                what = {"gap": "gap", "centers": "distance"}.get(of, f"{of} distance")
                return f"the {what} between {names[0]} and {names[1]}"
            case "size", "elevation":
                return f"the bottom of {names[0]}"
            case "top", _:
                return f"the top of {names[0]}"
            case _:
                return f"the {term.of} of {names[0]}"
