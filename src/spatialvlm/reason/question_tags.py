"""What a question talks about: a question and the names of things enter, its words with both tagged leave.

    tagged = tag("Can a 60 cm wide robot pass between the table and the sofa?", {"table": "1", "sofa": "4"})
    tagged.text      "can a {0.6} wide robot pass between <a> and <b>?"
    tagged.things    ("table", "sofa")

A grammar over tags is small: it need not know where a name ends.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from spatialvlm.errors import UserError
from spatialvlm.evaluate import find_lengths
from spatialvlm.pipeline.phrase import object_names
from spatialvlm.records import Scene

LETTERS = "abcdefgh"
_ARTICLE = r"(?:\b(?:the|this|that|a|an|my)\s+)"
_VERBS = frozenset(("can", "stand", "light", "watch", "iron"))
"""Names that need an article: without one they are what somebody does."""
_OPENING = re.compile(
    r"\b(?:(?:judging|going) (?:from|by)|in|according to) (?:the|this) (?:picture|image|photo|scene)\b,? ?"
    r"|\blooking at (?:the|this) (?:picture|image|photo|scene)\b,? ?(?!the\b|and\b)"
)
_SYNTAX = (
    "a an the on this that these those my our your and or than is are was be been would will could should may do does"
    " did has have fit fits stand stands reach reaches from to for of between by with as at above below under over if"
    " when while so which what who how please there here together apart away closer nearer farther further taller"
    " shorter wider narrower higher lower larger smaller bigger high tall wide long far big still also go goes pass in"
    " front behind left right next beside stacked combined compared without through not it its you i we me us"
)
_WORD = rf"(?!(?:{'|'.join(_SYNTAX.split())}|can(?! ?(?:[,.;?]|and|or|from|to|on|in|is)\b))\b)[a-z][a-z'-]*"
_SAID = re.compile(rf"\b(?:the|this|that|my|our|your) ({_WORD}(?: {_WORD}){{0,4}}(?: (?:on|in) the {_WORD})?)")
"""What names a thing where nobody lists them: "the red mug on the table"."""
_NO_THING = re.compile(
    r"(?:camera|viewer|observer|picture|image|photo|scene|floor|ground|same|other|two|three|gap|space|room|free|empty"
    r"|clearance|passage|opening|distance|distances|height|heights|width|widths|length|sizes?|total|sum|mean|average"
    r"|difference|ratio|top|bottom|center|centers|middles?|edges?|order|way|way|path|triangle|straight-line|horizontal"
    r"|vertical|direct|level|most|least|first|last|\w+est)\b"
)


@dataclass(frozen=True, slots=True)
class TaggedQuestion:
    """A question in lower case, with <a>, <b> ... for things in the order of their first mention, {metres} for lengths.

    `things` are what they are called.
    """

    text: str
    things: tuple[str, ...]


def names_in(scene: Scene) -> dict[str, frozenset[str]]:
    """List all that the things of a scene are called, without articles, each with the ids of those called so."""
    called: dict[str, set[str]] = {}
    unique = object_names(scene)
    for thing in scene.objects:
        for caption in (*thing.instance.captions, unique.get(thing.instance.id, "")):
            plain = re.sub(r"^(?:the|an?)\s+", "", " ".join(caption.lower().split()))
            if plain:
                called.setdefault(plain, set()).add(thing.instance.id)
    for id_, phrase in unique.items():  # what questions call it is its alone, whatever else is called so
        called[re.sub(r"^the\s+", "", phrase.lower())] = {id_}
    return {name: frozenset(ids) for name, ids in called.items()}


def names_said(question: str) -> dict[str, frozenset[str]]:
    """List what a question calls things, where no scene says: what stands behind an article up to a word of syntax."""
    text = _OPENING.sub("", " ".join(question.lower().split()))
    return {name: frozenset([name]) for name in _SAID.findall(text) if not _NO_THING.match(name)}


def tag(question: str, names: Mapping[str, frozenset[str]]) -> TaggedQuestion:
    """Tag a question. Raises UserError where a name that it says fits several things."""
    text = _OPENING.sub("", " ".join(question.lower().split()))
    pattern = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True)) or r"\b\B"
    things: dict[frozenset[str], str] = {}

    def thing(found: re.Match[str]) -> str:
        article, name = found[1], found[2]
        indefinite = article is not None and article.split()[0] in ("a", "an")  # a box is none of those in view
        if indefinite or (article is None and (name in _VERBS or len(names[name]) > 1)):
            return found[0]
        if len(names[name]) > 1:
            raise UserError(f"{name!r}: several things are called so; say which, as describe_objects lists them")
        things.setdefault(names[name], name)
        place = [*things].index(names[name])
        if place >= len(LETTERS):
            raise UserError(f"question names more than {len(LETTERS)} things; ask about fewer")
        return f"<{LETTERS[place]}>"

    text = re.sub(rf"({_ARTICLE})?\b({pattern})\b(?!-)", thing, text)
    for span in reversed(find_lengths(text)):
        text = f"{text[: span.start]}{{{span.metres:.6g}}}{text[span.end :]}"
    return TaggedQuestion(re.sub(r"(\{[\d.e-]+\})-(?=\w)", r"\1 ", text), tuple(things.values()))
