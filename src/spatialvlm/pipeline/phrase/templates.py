"""The wordings: templates/<kind>.txt in, lines that are filled by one % operation out.

A file holds sections: a name on its own line, then one wording a line, then a blank line; `#` begins a comment line.
The form of the kind says which sections there are, and which slots may stand in each (`kinds/forms`).
Slots: [A], [B], [C] are the subjects with their articles; [P] is the plane that things stand on; [N] is a number, [U]
the unit that it is to be in, [G] a length that the question gives; [L] and [M] list objects with "and" and with "or";
[X], [Y] and [O] are what the answer names. What fills a slot is never read as a template.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from spatialvlm.errors import ContractError
from spatialvlm.kinds import KINDS, Kind

MAX_SHORT_WORDS = 3
_SLOT = re.compile(r"\[([A-Z])\]")
_MARKS = {"question": "q", "answer": "a"}


@dataclass(frozen=True, slots=True)
class Line:
    """One wording, split at its slots: every second piece is a slot's letter. `form` is the same for the % operator."""

    mark: str
    pieces: tuple[str, ...]
    names_unit: bool
    form: str

    @property
    def short(self) -> bool:
        """At most three words beside the slots."""
        return len(re.findall(r"\w+", " ".join(self.pieces[0::2]))) <= MAX_SHORT_WORDS

    def fill(self, values: Mapping[str, str]) -> str:
        """Fill the slots, and give the sentence, its first letter capital."""
        text = self.form % values
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
    form = _SLOT.sub(r"%(\1)s", (text[:1].upper() + text[1:]).replace("%", "%%"))
    return Line(f"{_MARKS.get(section, section)}{number:02d}", pieces, "U" in pieces[1::2], form)


def _fault(kind: Kind, number: int, got: str, expected: str) -> ContractError:
    return ContractError(f"phrase/templates/{kind.name}.txt line {number}: got {got}; expected {expected}")
