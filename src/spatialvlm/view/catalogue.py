"""The catalogue of question kinds in words: how each quantity is computed and when it is refused.

`spatialvlm questions` and docs/questions.md are made from this and from `kinds.KINDS`; a test holds them together.
"""

from types import MappingProxyType

from spatialvlm.kinds import KINDS, Kind

COMPUTED = MappingProxyType(
    {
        "x": "x of the box centres, the viewer's right; the objects' columns in the image are the second witness",
        "y": "y of the box centres, the viewer's heading; z-depth along the optical axis is the second witness",
        "bottom": "height of the box bottoms; the height of the box centres is the second witness",
        "height": "z extent of the box, bottom to top",
        "width": "x extent of the box, as the viewer sees it",
        "size": "cube root of the box volume",
        "distance": "distance between the box centres",
        "gap": "distance between the nearest visible surfaces",
        "elevation": "height of the box bottom above the support plane, which the question names",
        "vertical": "height difference of the box centres",
        "horizontal": "distance of the box centres along the ground",
    }
)

REFUSED = MappingProxyType(
    {
        "gravity_unknown": "up is unknown: no gravity given and no support plane that its witnesses confirm",
        "no_support_plane": "there is no plane to count the height from",
        "relative_scale": "the scene has no metric scale",
        "truncated": "an object touches the image border, so its centre and size are unknown",
        "occluded": "an object is cut by something nearer, so its centre and size are unknown",
        "bottom_hidden": "an object's lowest point is out of sight, so its bottom and height are unknown",
        "below_support": "the object is below the support plane",
        "nested": "one object's extent lies within the other's, like a cup on a table",
        "witnesses_disagree": "the second witness does not confirm the first",
        "too_close_to_call": "the difference is neither beyond the margin nor certainly within it",
        "too_small": "the length is below `min_length_m`, or the two are about level",
        "too_uncertain": "one sigma is more than `max_relative_error` of the length",
    }
)

_ALWAYS_WHOLE = ("truncated", "occluded")
_LENGTH = ("relative_scale", *_ALWAYS_WHOLE, "too_small", "too_uncertain")
_REASONS = MappingProxyType(
    {
        "x": ("too_close_to_call", *_ALWAYS_WHOLE, "nested", "witnesses_disagree"),
        "y": ("too_close_to_call", *_ALWAYS_WHOLE, "nested", "witnesses_disagree"),
        "bottom": ("gravity_unknown", "bottom_hidden", "too_close_to_call", "witnesses_disagree"),
        "height": ("gravity_unknown", *_ALWAYS_WHOLE, "bottom_hidden", "too_close_to_call"),
        "width": (*_ALWAYS_WHOLE, "too_close_to_call"),
        "size": (*_ALWAYS_WHOLE, "bottom_hidden", "too_close_to_call"),
    }
)
_LENGTH_REASONS = MappingProxyType(
    {
        "distance": (),
        "gap": ("gravity_unknown",),
        "height": ("gravity_unknown", "bottom_hidden"),
        "width": ("gravity_unknown",),
        "elevation": ("gravity_unknown", "no_support_plane", "below_support", "bottom_hidden"),
        "vertical": ("gravity_unknown", "bottom_hidden"),
        "horizontal": ("gravity_unknown",),
    }
)


def computed(kind: Kind) -> str:
    """Say how the quantity that decides a kind is computed."""
    return COMPUTED[kind.quantity]


def refused(kind: Kind) -> tuple[str, ...]:
    """List the reasons for which `measure` may refuse a kind, in the order in which they are tried."""
    if kind.form != "length":
        return _REASONS[kind.quantity]
    if kind.sign:
        return tuple(dict.fromkeys((*_REASONS[kind.quantity], *_LENGTH)))
    return (*_LENGTH_REASONS[kind.quantity], *_LENGTH)


_CAST = MappingProxyType(
    {
        "A": "the red mug",
        "B": "the lamp",
        "X": "the red mug",
        "Y": "the lamp",
        "N": "about 40 cm",
        "U": "centimeters",
        "P": "the table top",
    }
)


def example(kind: Kind) -> tuple[str, str]:
    """Write a question of this kind and its answer in the kind's own wordings, about a red mug and a lamp."""
    from spatialvlm.pipeline.phrase import load_sheet

    sheet = load_sheet(kind.name)
    full = [line for line in sheet.lines[sheet.sections[1]] if not line.short]
    return sheet.lines["question"][0].fill(_CAST), full[0].fill(_CAST)


def markdown() -> str:
    """Write the table of all kinds, as docs/questions.md shows it."""
    rows = ["| kind | asks | decided by | refused when | example |", "| --- | --- | --- | --- | --- |"]
    for kind in KINDS.values():
        question, answer = example(kind)
        reasons = ", ".join(refused(kind))
        rows.append(f"| `{kind.name}` | {kind.asks} | {computed(kind)} | {reasons} | {question} *{answer}* |")
    return "\n".join(rows)
