"""A chain in the making: steps and wordings are put down one by one, then it is worked out, or refused.

It is refused where the error bars, or the numbers as they are said, do not bear the conclusion out.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from spatialvlm.answers import Answer, Length
from spatialvlm.chains.chain_records import Combine, Conclusion, Op
from spatialvlm.chains.conclusions import SIGMAS, conclude, sigmas
from spatialvlm.chains.fact_book import FactBook
from spatialvlm.chains.fact_words import WORDS, Numbers, Said, fill, numbers_for
from spatialvlm.chains.uncertain_numbers import UncertainNumber, Working, combined_value, length_of
from spatialvlm.records import Fact

MAX_RELATIVE_ERROR = 0.15
"""A length that is the answer is refused with a greater relative error, as `measure` does."""
RATIO_DECIMALS = 2


@dataclass(frozen=True, slots=True)
class Planned:
    """A step that was put down: what it is called, the sentences that may state it, and what fills their slots."""

    label: str
    says: Sequence[str]
    slots: dict[str, str]
    fact: Fact | None = None
    combine: Combine | None = None


@dataclass(slots=True)
class Draft:
    """A chain of some kind about a scene. `slots` fill the wordings of the question, the plan and the ending."""

    book: FactBook
    kind: str
    slots: dict[str, str] = field(default_factory=dict)
    questions: Sequence[str] = ()
    plans: Sequence[str] = ()
    endings: Sequence[str] = ()
    conclusion: Conclusion = field(default_factory=lambda: Conclusion("amount", ()))
    standing: tuple[str, ...] = ()
    steps: list[Planned] = field(default_factory=list)

    def measure(self, fact: Fact, subjects: Sequence[str] = (), says: Sequence[str] = ()) -> int:
        """Put down a measured step, and return its number; `subjects` in the order in which they are to be said."""
        names = [self.book.name(id_) for id_ in subjects or fact.subjects]
        slots = dict(zip("AB", names)) | {"P": self.book.plane}
        words = WORDS[fact.kind]
        self.steps.append(Planned(fill(words.noun, slots), says or words.says, slots, fact))
        return len(self.steps)

    def combine(self, op: Op, of: tuple[int, ...], label: str, says: Sequence[str], factor: float = 1.0) -> int:
        """Put down a step that is worked out, and return its number. Its sentences may hold [E], the equation."""
        self.steps.append(Planned(label, says, self.slots, combine=Combine(op, of, factor)))
        return len(self.steps)

    def noun(self, step: int) -> str:
        """Return what a step is called."""
        return self.steps[step - 1].label


@dataclass(frozen=True, slots=True)
class Worked:
    """A draft worked out: what it concludes, and the numbers of its steps as they are said."""

    draft: Draft
    working: Working
    numbers: Numbers
    said: tuple[Said, ...]
    value: Answer

    @property
    def last(self) -> UncertainNumber:
        """The step that the answer is, where it is a number."""
        return self.working.steps[self.draft.conclusion.of[0] - 1]

    @property
    def amount(self) -> Said:
        """The answer as it is said, where it is a length."""
        return self.numbers.rounded(self.said[self.draft.conclusion.of[0] - 1], self.working.error(self.last))


def work_out(draft: Draft) -> Worked | str:
    """Work a draft out, or say why it is refused: "too_close_to_call", "too_uncertain" or "rounding"."""
    working = Working(draft.book.scale)
    for step in draft.steps:
        if step.fact is not None:
            working.measured(step.fact)
        elif step.combine is not None:
            working.combined(step.combine)
    value = conclude(draft.conclusion, [one.value for one in working.steps])
    if value is None or sigmas(draft.conclusion, working) < SIGMAS:
        return "too_close_to_call"
    numbers = numbers_for([length_of(step.fact) for step in draft.steps if step.fact is not None])
    said = _said(draft, working, numbers)
    worked = Worked(draft, working, numbers, said, value)
    as_said = conclude(draft.conclusion, [one.metres for one in said])
    if not isinstance(value, Length):
        return worked if value == as_said else "rounding"
    error = working.error(worked.last)
    if error > MAX_RELATIVE_ERROR * value.metres:
        return "too_uncertain"
    return worked if abs(worked.amount.metres - value.metres) <= error else "rounding"


def _said(draft: Draft, working: Working, numbers: Numbers) -> tuple[Said, ...]:
    """Round what is measured as it is said, and work out all else from that. A ratio has no unit."""
    said: list[Said] = []
    for step, number in zip(draft.steps, working.steps):
        if step.combine is None:
            said.append(numbers.measured(number.value, working.error(number)))
            continue
        of = [said[place - 1] for place in step.combine.of]
        result = combined_value(step.combine, [one.metres for one in of])
        if step.combine.op == "ratio":
            said.append(Said(round(result, RATIO_DECIMALS), RATIO_DECIMALS))
        else:
            adds = step.combine.op in ("sum", "difference")
            said.append(numbers.worked_out(result, max(one.decimals for one in of) if adds else None))
    return tuple(said)
