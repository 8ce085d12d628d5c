"""What a line of reasoning knows so far: measured, told and computed values, each under a handle.

    book = Workbook(scene.errors.scale)
    mug = book.measured(scene.height("mug"))           h1: 9.5 cm ± 0.3 cm
    book.computed(f"2 * {mug.handle} < 30 cm")         r1: yes, by 13 sigmas

Errors are carried through all of it: what the scale of a scene does to two lengths cancels in their ratio.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from spatialvlm.answers import Angle, Answer, CannotTell, Length, YesNo, answer_to_json
from spatialvlm.chains import UncertainNumber, Working
from spatialvlm.errors import UserError
from spatialvlm.pipeline.scene_answers import SceneAnswer
from spatialvlm.reason.amounts import ANGLE, LENGTH, PLAIN, Amount, Decided, Dimension
from spatialvlm.reason.calculator import calculate
from spatialvlm.records import Fact

SURE = 3.0
"""By how many sigmas a comparison must hold to be told."""
LETTERS = {LENGTH: "d", ANGLE: "a"}


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the workbook. `value` and `sigma` are in SI units, None where nothing can be told or it is no number.

    `fact` is the evidence of what was measured, `expression` that of what was computed. `sigmas` says by how many a
    comparison holds.
    """

    handle: str
    answer: Answer | None
    value: float | None
    unit: str
    sigma: float | None
    text: str
    fact: Fact | None = None
    expression: str | None = None
    sigmas: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Return what a tool answers: no field that is None, and no number that is none."""
        told: dict[str, Any] = {"handle": self.handle, "value": self.value, "unit": self.unit, "sigma": self.sigma}
        told |= {"text": self.text, "sigmas": self.sigmas, "expression": self.expression}
        if self.answer is not None and self.value is None:
            told["answer"] = answer_to_json(self.answer)
        if self.fact is not None:
            told["evidence"] = {"kind": self.fact.kind, "objects": list(self.fact.subjects)}
        return {name: value for name, value in told.items() if value not in (None, "")}


class Workbook:
    """The entries in their order, and the numbers among them as the calculator takes them."""

    def __init__(self, scale: float = 0.0) -> None:
        self._working = Working(scale)
        self._bases: dict[str, int] = {}
        self._quantities: dict[str, Amount] = {}
        self.entries: dict[str, Entry] = {}

    @property
    def amounts(self) -> Mapping[str, Amount]:
        """The numbers by their handles."""
        return self._quantities

    def measured(self, told: SceneAnswer) -> Entry:
        """Take what a scene told."""
        match told.answer:
            case Length(metres) if told.fact is not None:
                handle = self._base("d", self._working.measured(told.fact), LENGTH)
                return self._kept(handle, told.answer, metres, LENGTH, told.error, told.text, told.fact)
            case Angle(radians) if told.fact is not None:
                step = self._working.told(radians, told.error or 0.0, told.fact.subjects)
                handle = self._base("a", step, ANGLE)
                return self._kept(handle, told.answer, radians, ANGLE, told.error, told.text, told.fact)
        return self._kept(self._new("f"), told.answer, None, PLAIN, told.error, told.text, told.fact)

    def told(self, answer: Answer | None, text: str, sigma: float = 0.0) -> Entry:
        """Take what somebody said: a number with the error that it is believed to have, or anything else."""
        value, dimension = (
            (answer.metres, LENGTH)
            if isinstance(answer, Length)
            else (answer.radians, ANGLE)
            if isinstance(answer, Angle)
            else (None, PLAIN)
        )
        if value is None:
            return self._kept(self._new("s"), answer, None, PLAIN, None, text)
        handle = self._base("s", self._working.told(value, sigma), dimension)
        return self._kept(handle, answer, value, dimension, sigma, text)

    def computed(self, expression: str) -> Entry:
        """Compute an expression over handles. Raises UserError as `calculate` does.

        A comparison that does not hold by `SURE` sigmas can't be told.
        """
        found = calculate(expression, self._quantities)
        handle = self._new("r")
        if isinstance(found, Decided):
            sigmas = abs(found.margin.value) / max(self.error(found.margin), 1e-12)
            sure = sigmas >= SURE
            answer = YesNo(found.holds) if sure else CannotTell("too_close_to_call")
            text = ("yes" if found.holds else "no") if sure else f"can't be told: holds by {sigmas:.1f} sigmas only"
            entry = Entry(
                handle, answer, None, "", None, text, expression=expression, sigmas=round(min(sigmas, 1e6), 2)
            )
            self.entries[handle] = entry
            return entry
        self._quantities[handle] = found
        sigma, unit = self.error(found), str(found.dimension)
        shown = f"{found.value:.4g} ± {sigma:.2g} {unit}".strip()
        entry = Entry(handle, _answer_of(found), found.value, unit, sigma, shown, expression=expression)
        self.entries[handle] = entry
        return entry

    def error(self, quantity: Amount) -> float:
        """Compute the 1-sigma error of a number."""
        slopes = [0.0] * len(self._working.steps)
        for base, slope in (quantity.slopes or {}).items():
            slopes[self._bases[base]] = slope
        return self._working.error(UncertainNumber(quantity.value, tuple(slopes)))

    def __getitem__(self, handle: str) -> Entry:
        """Return an entry. Raises UserError, with all handles, where there is none."""
        if handle not in self.entries:
            raise UserError(f"handle {handle!r}: unknown; known are {', '.join(self.entries) or 'none yet'}")
        return self.entries[handle]

    def _new(self, letter: str) -> str:
        number = sum(handle.rstrip("0123456789") == letter for handle in self.entries) + 1
        return f"{letter}{number}"

    def _base(self, letter: str, step: UncertainNumber, dimension: Dimension) -> str:
        handle = self._new(letter)
        self._bases[handle] = len(step.slopes) - 1
        self._quantities[handle] = Amount.measured(handle, step.value, dimension)
        return handle

    def _kept(
        self,
        handle: str,
        answer: Answer | None,
        value: float | None,
        dimension: Dimension,
        sigma: float | None,
        text: str,
        fact: Fact | None = None,
    ) -> Entry:
        told = sigma if sigma is None or math.isfinite(sigma) else None
        self.entries[handle] = Entry(handle, answer, value, str(dimension), told, text, fact)
        return self.entries[handle]


def _answer_of(found: Amount) -> Answer | None:
    if found.dimension == LENGTH and found.value >= 0:
        return Length(found.value)
    return Angle(found.value) if found.dimension == ANGLE else None
