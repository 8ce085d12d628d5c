"""The catalogue of question kinds in words: an example of each, beside what `measure` says of its quantity.

`spatialvlm questions` and docs/questions.md are made from this and from `kinds.KINDS`; a test holds them together.
"""

from types import MappingProxyType

from spatialvlm.kinds import KINDS, LETTERS, Kind, joined
from spatialvlm.pipeline.measure import computed, refused
from spatialvlm.quantities import ImageScale

_SCALE = ImageScale("0-1000", 640, 480)
_THINGS = ("the red mug", "the lamp", "the plant", "the book")
_POINTS = tuple(f"the point at ({place})" for place in ("512, 380", "130, 655", "774, 240", "288, 505"))
_SETTING = MappingProxyType(
    {
        "P": "the table top",
        "U": "centimeters",
        "G": "50 cm",
        "K": "mugs",
        "S": "mug",
        "Z": f"[x1, y1, x2, y2], {_SCALE.words}",
    }
)
_NUMBERS = MappingProxyType(
    {
        "angle": "30 degrees",
        "bounding_box": "[120, 340, 455, 780]",
        "class_count": "1",
        "clock": "2 o'clock",
        "count": "2",
        "region": "(0.42, 0.61)",
    }
)


def example(kind: Kind) -> tuple[str, str]:
    """Write a question of this kind and its answer in the kind's own wordings, about a red mug and a lamp."""
    from spatialvlm.pipeline.phrase import load_sheet

    sheet = load_sheet(kind.name)
    cast = {**_SETTING, **_cast(kind), "N": _NUMBERS.get(kind.form.name, "about 40 cm")}
    full = [line for line in sheet.lines[list(kind.form.sections(kind))[1]] if not line.short]
    note = _SCALE.note if kind.pointed else ""
    return sheet.lines["question"][0].fill(cast) + note, full[0].fill(cast)


def _cast(kind: Kind) -> dict[str, str]:
    """Fill the slots of objects; three are listed, beside those that are named one by one."""
    names = _POINTS if kind.pointed else _THINGS
    some = names[kind.subjects :][: kind.sizes[0]] if kind.listed else names[:3]
    first, *others = some
    return {
        **dict(zip(LETTERS, names)),
        "L": joined(some, "and"),
        "M": joined(some, "or"),
        "O": ", ".join((first, *reversed(others))),
        "X": first,
        "Y": others[0],
    }


def markdown() -> str:
    """Write the table of all kinds, as docs/questions.md shows it."""
    rows = ["| kind | asks | decided by | refused when | example |", "| --- | --- | --- | --- | --- |"]
    for kind in KINDS.values():
        question, answer = example(kind)
        reasons = ", ".join(refused(kind))
        rows.append(f"| `{kind.name}` | {kind.asks} | {computed(kind)} | {reasons} | {question} *{answer}* |")
    return "\n".join(rows)
