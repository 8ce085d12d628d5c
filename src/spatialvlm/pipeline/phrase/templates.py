"""The wordings: templates/<kind>.txt in, lines that are filled by one % operation out.

A file holds sections: a name on its own line, then one wording a line, then a blank line; `#` begins a comment line.
The form of the kind says which sections there are, and which slots may stand in each (`kinds/forms`).
Slots: [A], [B], [C] are the subjects with their articles; [P] is the plane that things stand on; [N] is a number, [U]
the unit that it is to be in, [G] a length that the question gives; [L] and [M] list objects with "and" and with "or";
[X], [Y] and [O] are what the answer names; [K] and [S] are the class of the subjects in the plural and in the singular.
[Z] says how a box is to be written. What fills a slot is never read as a template.

The wordings are written for names in the singular. Verbs that agree with a name ("Is [A]", "[A] stands") have their
plural form beside it, and take it where the name is plural ("the shoes").
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import product

from spatialvlm.errors import ContractError
from spatialvlm.kinds import KINDS, Kind

MAX_SHORT_WORDS = 3
_SLOT = re.compile(r"\[([A-Z])\]")
_MARKS = {"question": "q", "answer": "a"}

_REGULAR = ("appear", "belong", "come", "extend", "fill", "lie", "look", "measure", "occupy", "rest", "rise", "seem")
_REGULAR += ("share", "show", "sit", "span", "stand", "start", "stay", "take")
_PLURALS = {"is": "are", "was": "were", "has": "have", "does": "do", "goes": "go", "reaches": "reach"}
_PLURALS |= {f"{verb}s": verb for verb in _REGULAR}
_VERB_AFTER = re.compile(rf"\[([A-EXY])\] ({'|'.join(_PLURALS)})\b")
_VERB_BEFORE = re.compile(r"\b(is|was|does) \[([A-E])\](?! and\b)", re.IGNORECASE)
_NO_SUBJECT = re.compile(
    r"\b(?:above|and|at|behind|below|between|by|from|in|like|near|nor|of|on|or|than|to|toward|with) $"
)
"""Before a slot: the verb after it is that of something else ("the center of [A] is", "which of [A] and [B] is")."""


@dataclass(frozen=True, slots=True)
class Line:
    """One wording, split at its slots: every second piece is a slot's letter.

    `forms` are what the % operator fills, by the letters of the slots whose names are plural; only those in `agreeing`
    make a difference.
    """

    mark: str
    pieces: tuple[str, ...]
    names_unit: bool
    agreeing: str
    forms: Mapping[str, str]

    @property
    def short(self) -> bool:
        """At most three words beside the slots."""
        return len(re.findall(r"\w+", " ".join(self.pieces[0::2]))) <= MAX_SHORT_WORDS

    def fill(self, values: Mapping[str, str], plural: Collection[str] = ()) -> str:
        """Fill the slots, and give the sentence, its first letter capital; `plural` are the names that are."""
        which = "".join(slot for slot in self.agreeing if values[slot] in plural) if plural else ""
        text = self.forms[which] % values
        return text if self.pieces[0] else text[:1].upper() + text[1:]


@dataclass(frozen=True, slots=True)
class Sheet:
    """The wordings of one kind by section. `short` holds the short ones of a section, or all where none is short."""

    kind: Kind
    lines: Mapping[str, tuple[Line, ...]]
    short: Mapping[str, tuple[Line, ...]]

    def question(self, uniform: float) -> Line:
        """Pick one of the questions by a draw in [0, 1)."""
        lines = self.lines["question"]
        return lines[int(uniform * len(lines))]

    def answer(self, section: str, uniform: float, *, short: bool) -> Line:
        """Pick one of a section's answers by a draw in [0, 1), among the short ones or among all."""
        lines = (self.short if short else self.lines)[section]
        return lines[int(uniform * len(lines))]


@cache
def load_sheet(kind: str) -> Sheet:
    """Load the wordings of a kind, from the package."""
    name = f"{kind}.txt"
    file = files("spatialvlm.pipeline.phrase").joinpath("templates", name)
    if not file.is_file():
        raise ContractError(f"kind {kind!r}: no template file phrase/templates/{name}; every row of KINDS needs one")
    return parse_sheet(KINDS[kind], file.read_text(encoding="utf-8"))


def parse_sheet(kind: Kind, text: str) -> Sheet:
    """Parse the wordings in a template file's text; ContractError where a section or a slot is missing or unknown."""
    allowed = kind.form.sections(kind)
    sections: dict[str, list[Line]] = {}
    name = ""
    for number, line in enumerate(map(str.strip, text.splitlines()), 1):
        if line.startswith("#"):
            continue
        if not line:
            name = ""
        elif not name:
            name = line
            if name not in allowed or name in sections:
                raise _fault(kind, number, f"section {name!r}", f"each of {', '.join(allowed)} once")
            sections[name] = []
        else:
            sections[name].append(_line(name, len(sections[name]) + 1, line))
            unknown = set(_SLOT.findall(line)) - set(allowed[name])
            if unknown:
                raise _fault(kind, number, f"slots {sorted(unknown)}", f"slots among {sorted(allowed[name])}")
    missing = [section for section in allowed if not sections.get(section)]
    if missing:
        raise _fault(kind, 0, f"no {', '.join(missing)}", "every section filled")
    lines = {section: tuple(entries) for section, entries in sections.items()}
    short = {section: tuple(one for one in entries if one.short) or entries for section, entries in lines.items()}
    return Sheet(kind, lines, short)


def _line(section: str, number: int, text: str) -> Line:
    pieces = tuple(_SLOT.split(text))
    text = (text[:1].upper() + text[1:]).replace("%", "%%")
    verbs = _agreeing(text)
    slots = "".join(sorted({slot for _, _, slot in verbs}))
    forms: dict[str, str] = {}
    for chosen in product(*(("", slot) for slot in slots)):
        form = text
        for start, end, slot in sorted(verbs, reverse=True):
            if slot in chosen:
                form = form[:start] + _plural(form[start:end]) + form[end:]
        forms["".join(chosen)] = _SLOT.sub(r"%(\1)s", form)
    return Line(f"{_MARKS.get(section, section)}{number:02d}", pieces, "U" in pieces[1::2], slots, forms)


def _agreeing(text: str) -> set[tuple[int, int, str]]:
    """Find the verbs that agree with a slot: where they begin and end, and its letter."""
    before = {(*found.span(1), found[2]) for found in _VERB_BEFORE.finditer(text)}
    after = {
        (*found.span(2), found[1])
        for found in _VERB_AFTER.finditer(text)
        if not _NO_SUBJECT.search(text[: found.start()])
    }
    taken = {(start, end) for start, end, _ in after}
    return after | {(start, end, slot) for start, end, slot in before if (start, end) not in taken}


def _plural(verb: str) -> str:
    plural = _PLURALS[verb.lower()]
    return plural.capitalize() if verb[0].isupper() else plural


def _fault(kind: Kind, number: int, got: str, expected: str) -> ContractError:
    return ContractError(f"phrase/templates/{kind.name}.txt line {number}: got {got}; expected {expected}")
