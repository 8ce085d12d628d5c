"""What rules of mode `geometry` look at: a tagged question with its terms; and what several of them ask of it."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from spatialvlm.reason.asked_form import Form
from spatialvlm.reason.geometry_steps import GeometrySteps, Result
from spatialvlm.reason.measured_terms import THING, Term, find_terms

MORE = (
    r"\b(?:more|greater|longer|larger|bigger|farther|further|taller|wider|higher|above|over|exceeds?|beyond|outside)\b"
)
LESS = r"\b(?:less|shorter|smaller|nearer|closer|narrower|lower|thinner|below|under|within|inside)\b"
LEAST = r"\b(?:shortest|smallest|least|lowest|narrowest|thinnest|nearest|closest)\b"
HIGH, WIDE = r"\b(?:tall|high|short|low)(?:er|est)?\b", r"\b(?:wide|broad|narrow|thin|wid)(?:r|er|est|th)?\b|\bacross\b"
_COUNTS = re.compile(
    r"(?<!the )(?<!all )(?<!these )(?<!those )(?<!or )\b(?:two|three|four|five|six|seven|eight|nine|ten|half|third"
    r"|quarter|twice|double|triple|(?<![\[<{.])\d+(?:\.\d+)?(?![\]>}.])|times|copies|each|both sides|either side"
    r"|one more|percent)\b"
)


@dataclass(frozen=True, slots=True)
class QuestionWords:
    """A question with its things tagged, the same with [0], [1] ... for its terms, and the terms."""

    tagged: str
    text: str
    terms: tuple[Term, ...]

    @classmethod
    def of(cls, tagged: str) -> "QuestionWords":
        """Find the terms of a tagged question."""
        tagged = tagged.replace("metre", "meter")
        text, terms = find_terms(tagged)
        return cls(tagged, text, terms)

    @property
    def things(self) -> tuple[str, ...]:
        """The letters of all things, in the order of their first mention."""
        return tuple(dict.fromkeys(re.findall(THING, self.tagged)))

    @property
    def known(self) -> tuple[Term, ...]:
        """The lengths that the question gives."""
        return tuple(term for term in self.terms if term.tool == "known")

    @property
    def counts(self) -> bool:
        """Whether numbers are left that no term holds: "two of them", "three times"; not "the two"."""
        return _COUNTS.search(self.text) is not None

    @property
    def share(self) -> float | None:
        """The first percentage, as a factor above 1: 1.15 for 15 %."""
        found = re.search(r"([\d.]+) ?(?:%|percent)", self.text)
        return None if found is None else 1.0 + float(found[1]) / 100.0

    @property
    def dimension(self) -> str | None:
        """Which size an adjective speaks of: "width" or "height"."""
        if re.search(WIDE, self.text):
            return "width"
        return "height" if re.search(HIGH, self.text) or "height" in self.text else None

    def says(self, pattern: str) -> bool:
        """Tell whether a pattern is in the tagged question."""
        return re.search(pattern, self.tagged) is not None


Follow = Callable[[GeometrySteps, QuestionWords], Result | None]


@dataclass(frozen=True, slots=True)
class GeometryRule:
    """A rule: followed where a question says its pattern, before or after its terms are taken out.

    `forms` are those that it answers in; `counts` tells whether it reads numbers beside the lengths. `follow` returns
    None where the question turns out to be another one.
    """

    pattern: str
    follow: Follow
    forms: tuple[Form, ...]
    counts: bool = False

    def fits(self, words: QuestionWords) -> bool:
        """Tell whether a question says the pattern."""
        return re.search(self.pattern, words.text) is not None or words.says(self.pattern)
