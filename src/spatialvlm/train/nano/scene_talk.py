"""Conversations beside the kinds of questions: a scene and what was asked of it enter, short talks leave.

`points`: what is at a point; the point in the question is taught to look at its object as names are. `steps`: which of
two is longer, larger or nearer, with both lengths said first. `looks`: captions and colours, which need no space, as
the data that other models learnt from.
"""

from collections.abc import Sequence

import numpy as np

from spatialvlm.captions import noun_of, read
from spatialvlm.errors import UserError
from spatialvlm.geometry import decode_mask
from spatialvlm.quantities import METER, speak_exactly
from spatialvlm.records import QA, Scene
from spatialvlm.train.encoding import Dialogue, NamedObject
from spatialvlm.train.spatial_rows import COMPARED, Further, asked_readings, named_objects, readings

POINTS = (
    "What is at {point}?",
    "Name the thing at the point {point}.",
    "Which object do you see at {point}?",
    "What can be seen at {point}, x and y as shares of the image?",
)
STEPS = (
    "{question} Say both {lengths} first.",
    "{question} First say the {lengths} of both.",
    "{question} Begin with the {lengths}.",
)
COLOUR = ("What colour is the {noun}?", "Which colour has the {noun}?", "Tell me the colour of the {noun}.")
CAPTION = ("What is in the picture?", "Describe the image.", "Which things do you see?", "List what is shown.")
MOST = 4
SHOWN = 5
LENGTHS = ("distances", "widths", "heights")
"""What the readings that are lengths are called."""


def names_at_points(scene: Scene, asked: Sequence[QA], rng: np.random.Generator) -> tuple[Dialogue, ...]:
    """Ask what some objects of a scene are, each by a point that lies on it; the answer is its preferred caption."""
    found = []
    for place in rng.permutation(len(scene.objects))[:MOST]:
        thing = scene.objects[place]
        mask = decode_mask(thing.instance.mask)
        ys, xs = np.nonzero(mask)
        chosen = int(rng.integers(len(ys)))
        x, y = (xs[chosen] + 0.5) / mask.shape[1], (ys[chosen] + 0.5) / mask.shape[0]
        point = f"({x:.2f}, {y:.2f})"
        question = _one_of(POINTS, rng).format(point=point)
        named = NamedObject(point, mask, readings(scene, thing))
        found.append(Dialogue((("user", question), ("assistant", thing.instance.captions[0])), (named,)))
    return tuple(found)


def lengths_first(scene: Scene, asked: Sequence[QA], rng: np.random.Generator) -> tuple[Dialogue, ...]:
    """Ask the choices between two things again, so that both lengths are said before the answer."""
    found = []
    for qa in asked:
        side, _, asked_how = qa.kind.partition("_")
        which = COMPARED.get(side, len(LENGTHS)) if asked_how == "choice" else len(LENGTHS)
        named = named_objects(scene, qa) if which < len(LENGTHS) else ()
        logs = [float(one.readings[which]) for one in named]
        if len(logs) == 2 and np.isfinite(logs).all():
            said = [
                f"{one.name}: {speak_exactly(float(np.exp(log)), np.inf, rng.random(3).tolist(), METER).text}"
                for one, log in zip(named, logs)
            ]
            question = _one_of(STEPS, rng).format(question=qa.question, lengths=LENGTHS[which])
            found.append(
                Dialogue(
                    (("user", question), ("assistant", f"{', '.join(said)}. {qa.answer}")),
                    named,
                    asked_readings(qa, named),
                )
            )
    return tuple(found)


def looks(scene: Scene, asked: Sequence[QA], rng: np.random.Generator) -> tuple[Dialogue, ...]:
    """Ask what is in the picture, and the colour of things whose noun no other thing has."""
    things = [(thing, [read(caption) for caption in thing.instance.captions]) for thing in scene.objects]
    listed = sorted(scene.objects, key=lambda thing: -decode_mask(thing.instance.mask).sum())[:SHOWN]
    names = ", ".join(thing.instance.captions[0] for thing in listed)
    found = [Dialogue((("user", _one_of(CAPTION, rng)), ("assistant", names)))] if names else []
    nouns = [noun_of(told[0]).replace("_", " ") for _, told in things]
    for place in rng.permutation(len(things))[:MOST]:
        thing, told = things[place]
        colours = {meaning for words in told for sense, meaning in words.senses if sense == "colour"}
        if len(colours) == 1 and nouns.count(nouns[place]) == 1:
            question = _one_of(COLOUR, rng).format(noun=nouns[place])
            named = NamedObject(nouns[place], decode_mask(thing.instance.mask), readings(scene, thing))
            found.append(Dialogue((("user", question), ("assistant", colours.pop())), (named,)))
    return tuple(found)


TALKS: dict[str, Further] = {"points": names_at_points, "steps": lengths_first, "looks": looks}


def talk(names: Sequence[str]) -> Further:
    """Join talks by their names. Raises UserError for one that is not known."""
    unknown = [name for name in names if name not in TALKS]
    if unknown:
        raise UserError(f"talk {unknown[0]!r}: unknown; choose one of {', '.join(TALKS)}")

    def joined(scene: Scene, asked: Sequence[QA], rng: np.random.Generator) -> tuple[Dialogue, ...]:
        return tuple(one for name in names for one in TALKS[name](scene, asked, rng))

    return joined


def _one_of(wordings: Sequence[str], rng: np.random.Generator) -> str:
    return wordings[int(rng.integers(len(wordings)))]
