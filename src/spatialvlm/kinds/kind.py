"""What a kind of question is, and what a form of question owns.

A Kind is one row of the table. Its Form says how its template file is cut into sections, which slots stand in them,
what a row of Facts comes to as an Answer, how that is said, and how it may be answered.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import ClassVar, Literal

import numpy as np
from jaxtyping import Bool, Float64, Int, Int8

from spatialvlm.answers import SAME, Answer, Choice
from spatialvlm.quantities import ImageScale, Unit, say_angle, say_count, say_limit, speak, speak_exactly
from spatialvlm.records import Fact, Family

LETTERS = "ABCDE"
"""The slots of the subjects, in their order."""
_LETTERS = tuple(LETTERS[:count] for count in range(len(LETTERS) + 1))
RELATION_WORDS = MappingProxyType(
    {
        "front": "in front",
        "tall": "taller",
        "short": "shorter",
        "wide": "wider",
        "thin": "thinner",
        "big": "bigger",
        "small": "smaller",
    }
)
"""How people say the relation that a classification names; left, right, above, below and behind stay as they are."""

THOUSANDTHS = ImageScale("0-1000", 1000, 1000)
Outcomes = Int8[np.ndarray, " f"]
Values = Float64[np.ndarray, "f v"]
Sizes = Int[np.ndarray, " f"]
PerFact = Float64[np.ndarray, " f"]


@dataclass(frozen=True, slots=True, eq=False)
class Leaning:
    """How far the name of one subject speaks for the answers of some facts: `weight` times what `column` says of it.

    `place` is that of the subject, None for the length that the question gives. What speaks for an answer speaks
    against the others: the weights of all answers that are possible add up to nothing.
    """

    place: int | None
    column: str
    weight: PerFact


@dataclass(slots=True)
class Voice:
    """How numbers are said: three draws in [0, 1), the unit that the question names, how finely, and places by what."""

    draws: Sequence[float]
    unit: Unit | None = None
    exact: bool = False
    scale: ImageScale = THOUSANDTHS

    def length(self, metres: float, error_m: float) -> str:
        """Say a length with its 1-sigma error."""
        say = speak_exactly if self.exact else speak
        return say(metres, error_m, self.draws, self.unit).text

    def angle(self, radians: float, error_rad: float) -> str:
        """Say the size of an angle with its 1-sigma error."""
        return say_angle(abs(radians), error_rad, self.draws, exact=self.exact)

    def count(self, number: int) -> str:
        """Say how many, in digits or in words."""
        return say_count(number, self.draws[0])

    def limit(self, metres: float) -> str:
        """Say a length that the question gives, which nobody rounds."""
        return say_limit(metres, self.draws[1])


class Form(ABC):
    """One form of question: what all kinds of that form have in common. Has no state.

    `title` heads it in reports. `family`: lengths are quantitative, comparisons are qualitative. `directed`: asked
    only of subjects in the order that makes it true. `compares`: decided by a difference of two, where 0 means
    "about the same". `in_roles`: no two subjects can be exchanged. `of_subjects`: the options of its answers are
    the subjects themselves. `names_subjects`: a question calls its subjects by their names; else by their class.
    `in_image`: its answer is a place in the image. `is_number`: its answer is a number that has an error, and is
    never right or wrong. `error_unit`: of the number that is decided on. `says_more`: its wordings have slots
    beyond subjects and plane, which `say` fills. `instruction`: what to answer with.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    family: ClassVar[Family] = "qualitative"
    directed: ClassVar[bool] = False
    compares: ClassVar[bool] = False
    in_roles: ClassVar[bool] = False
    of_subjects: ClassVar[bool] = False
    names_subjects: ClassVar[bool] = True
    in_image: ClassVar[bool] = False
    is_number: ClassVar[bool] = False
    says_more: ClassVar[bool] = True
    error_unit: ClassVar[Literal["m", "rad"]] = "m"
    instruction: ClassVar[str]

    @abstractmethod
    def sections(self, kind: "Kind") -> Mapping[str, str]:
        """List the sections of a template file with the letters of the slots that may stand in each."""

    @abstractmethod
    def section(self, kind: "Kind", outcome: int) -> str:
        """Name the section that an outcome of `Facts` is answered from."""

    @abstractmethod
    def answer(self, kind: "Kind", subjects: tuple[str, ...], number: float, outcome: int) -> Answer:
        """Make the answer of a row of `Facts`; options are object ids."""

    def say(self, kind: "Kind", fact: Fact, names: Sequence[str], outcome: int, voice: Voice) -> Mapping[str, str]:
        """Fill the slots beyond those of the subjects and the plane."""
        return {}

    def labels(self, kind: "Kind") -> Mapping[str, str]:
        """List what answers are counted as in a dataset, and how a chart calls it; empty where there is no balance."""
        return {}

    def asks_for(self, answer: Answer) -> str:
        """Say what to answer with, in words that suit the answer."""
        return self.instruction

    def holds(
        self, kind: "Kind", outcome: Outcomes, truth: Values, floor: Float64[np.ndarray, " f"]
    ) -> Bool[np.ndarray, " f"]:
        """Tell which rows are right, given the true values (f, v) of their quantity; lengths and angles always are."""
        return np.ones(len(outcome), bool)

    def leanings(self, kind: "Kind", outcome: Outcomes, listed: Sizes) -> Sequence[Leaning]:
        """Say what names have to do with the answers to facts that list so many; nothing where they tell nothing."""
        return ()

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self)

    def __hash__(self) -> int:
        return hash(type(self))


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of question.

    `quantity` names what decides it (docs/questions.md defines each). With `sign`, a predicate about (A, B) is true, a
    choice is A and a classification is `word`, where sign * (quantity of A - quantity of B) is positive; a difference
    is asked only of pairs in that order; a pick is the one with the greatest sign * quantity. `word` and `opposite` are
    the two relations that an answer can name; `words` are all of them where there are more. `compared` is the quantity
    that names may give away ("the tall box"), where that is another one.

    `subjects` are named one by one (slots A, B, C); after them come those that are `listed` together (slot L), as many
    as `sizes` says. `given`: the question gives a length (slot G). `pointed`: it is about a point on each of its
    subjects, which it calls by its place in the image. `sided`: the answer is a side, so that a name that says the
    viewer's left or right would give it away or mislead. `on_own`: slot P is what the first subject stands on, not the
    support plane. `weights` (gravity unknown, gravity known) are those within its family.
    """

    name: str
    form: Form
    quantity: str
    sign: Literal[-1, 0, 1]
    word: str
    opposite: str
    weights: tuple[int, int]
    asks: str
    subjects: int = 2
    listed: bool = False
    sizes: tuple[int, ...] = (3, 4)
    words: tuple[str, ...] = ()
    given: bool = False
    pointed: bool = False
    compared: str = ""
    sided: bool = False
    on_own: bool = False

    @property
    def family(self) -> Family:
        """Lengths are quantitative, comparisons are qualitative."""
        return self.form.family

    @property
    def needs_gravity(self) -> bool:
        """Withheld where up is unknown, as in the paper's figure 14."""
        return self.weights[0] == 0

    @property
    def given_away_by(self) -> str:
        """The quantity whose words in a name would answer the question."""
        return self.compared or self.quantity

    @property
    def led(self) -> bool:
        """The first subject has a role of its own: A between B and C, the nearest to A."""
        return self.subjects == 3 or (self.subjects == 1 and self.listed)

    @property
    def letters(self) -> str:
        """The slots of its subjects."""
        return _LETTERS[self.subjects]

    def answer(self, subjects: tuple[str, ...], number: float, outcome: int) -> Answer:
        """Make the answer of a row of `Facts`; options are object ids."""
        return self.form.answer(self, subjects, number, outcome)


def even(*options: str) -> Choice:
    """Make the answer "about the same" beside the options that it is neither of."""
    return Choice((*options, SAME), len(options))


def reordered(kind: Kind, fact: Fact, order: Sequence[int]) -> Fact:
    """List the subjects of a fact that are listed together in another order; what is true stays true."""
    fixed, listed = fact.subjects[: kind.subjects], fact.subjects[kind.subjects :]
    moved = tuple(listed[place] for place in order)
    answer = fact.answer
    if kind.form.of_subjects and isinstance(answer, Choice):
        answer = Choice(moved, moved.index(answer.chosen))
    return replace(fact, subjects=(*fixed, *moved), answer=answer)


def joined(names: Sequence[str], word: str) -> str:
    """Join names as people list them: "the mug, the bowl and the lamp"."""
    return f"{', '.join(names[:-1])} {word} {names[-1]}" if len(names) > 1 else "".join(names)
