"""Check what an annotator typed: text -> the form of the answer, how it reads, or what is missing.

A length is a number with a unit, as `quantities.parse` reads it, or a number alone where the question names a unit; yes
or no is told by its first word; a choice is one of its options; a number counts, so it is whole and not negative;
anything else is text, which people can read and no rule can score.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from spatialvlm.errors import UserError
from spatialvlm.quantities import parse

FORMS = ("length", "yes_no", "choice", "number", "text")
MAX_OPTIONS = 10

_YES_NO = re.compile(r"\W*(?:(yes|no)\b|(y|n)\W*$)", re.IGNORECASE)
_NUMBER = re.compile(r"[^\d.-]*(-?\d{1,12}(?:\.\d+)?)\D*")
_ASKS_LENGTH = re.compile(
    r"\b(how (?:far|tall|high|wide|long|deep|thick|big|large|close|near|low|much)|distance|heights?|widths?|lengths?"
    r"|gap|(?:centi|milli)?met(?:er|re)s?|inch(?:es)?|feet|foot)\b",
    re.IGNORECASE,
)
_NAMES_UNIT = re.compile(r"\b(?:how many|in) ((?:centi|milli)?met(?:er|re)s|inches|feet|yards)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class CheckedAnswer:
    """An answer as it is stored, and how it reads, in words; or the `problem` that keeps it from being stored."""

    form: str
    answer: str
    options: tuple[str, ...] = ()
    reads: str = ""
    problem: str | None = None


def guess_form(question: str, answer: str, options: Sequence[str] = ()) -> str:
    """Guess the form that an answer seems to have. A bare number is a length where the question asks one."""
    if options:
        return "choice"
    if _YES_NO.match(answer):
        return "yes_no"
    if parse(answer) is not None:
        return "length"
    if _ASKS_LENGTH.search(question):
        return "length"
    return "number" if _NUMBER.fullmatch(answer.strip()) else "text"


def check_answer(question: str, answer: str, form: str | None = None, options: Sequence[str] = ()) -> CheckedAnswer:
    """Read an answer by its form; without one, by the form that it seems to have. Raises UserError for no such form."""
    answer = answer.strip()
    options = tuple(dict.fromkeys(text for option in options if (text := option.strip())))
    form = form or guess_form(question, answer, options)
    if form not in FORMS:
        raise UserError(f"form {form!r}: unknown; expected one of {', '.join(FORMS)}")
    if form != "choice":
        options = ()
    if not answer:
        return CheckedAnswer(form, "", options, problem="Type an answer, or press “Cannot tell”.")
    match form:
        case "length":
            return _length(question, answer)
        case "yes_no":
            found = _YES_NO.match(answer)
            if found is None:
                return CheckedAnswer(form, answer, problem="Begin the answer with yes or no.")
            word = "yes" if found[0].strip().lower().startswith("y") else "no"
            return CheckedAnswer(form, word, reads=word)
        case "choice":
            return _choice(answer, options)
        case "number":
            number = _NUMBER.fullmatch(answer)
            if number is None or not (float(number[1]).is_integer() and float(number[1]) >= 0):
                return CheckedAnswer(form, answer, problem="Answer with one whole number in figures, as in 3.")
            figures = f"{float(number[1]):.0f}"
            return CheckedAnswer(form, figures, reads=f"the number {figures}")
    return CheckedAnswer(form, answer, reads="text, which is stored but not scored")


def _length_text(metres: float) -> str:
    """Write a length for people, in SI units: "0.6 m"."""
    return f"{metres:.3g} m" if metres < 1000 else f"{metres:,.0f} m"


def _length(question: str, answer: str) -> CheckedAnswer:
    """Read a length with the unit that its question names, where it has none of its own."""
    named = _NAMES_UNIT.search(question)
    if named is not None and parse(answer) is None and _NUMBER.fullmatch(answer):
        answer = f"{answer.rstrip('. ')} {named[1].lower()}"
    metres = parse(answer)
    if metres is None:
        problem = "A length needs a number and a unit, as in 60 cm, 5 inches or about 2 meters."
        return CheckedAnswer("length", answer, problem=problem)
    return CheckedAnswer("length", answer, reads=_length_text(metres))


def _choice(answer: str, options: tuple[str, ...]) -> CheckedAnswer:
    """Find the option that is typed, or its number from 1, or the one that alone is named in what is typed."""
    if not 2 <= len(options) <= MAX_OPTIONS:
        return CheckedAnswer(
            "choice", answer, options, problem=f"A choice needs 2 to {MAX_OPTIONS} options, one a line."
        )
    exact = [option for option in options if _plain(option) == _plain(answer)]
    numbered = [option for number, option in enumerate(options, 1) if answer == str(number)]
    named = exact or numbered or [option for option in options if f" {_plain(option)} " in f" {_plain(answer)} "]
    if len(named) != 1:
        return CheckedAnswer("choice", answer, options, problem=f"Answer with one of: {'; '.join(options)}.")
    return CheckedAnswer("choice", named[0], options, reads=named[0])


def _plain(text: str) -> str:
    """Take words in lower case, without an article before them and without punctuation."""
    return re.sub(r"^(?:the|an?)\s+", "", " ".join(re.findall(r"[\w'-]+", text.lower())))
