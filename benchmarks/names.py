"""Do names fit one thing? Questions about rooms, read against what everything in view truly is.

    python benchmarks/names.py [--rooms 300] [--seed 1301] [--mix paper all] [--questions 20] [--examples 20]

Rooms with exact depth and masks, and no pictures (about a second each). The judge knows nothing of captions. It reads
a name as a person would who sees the room: a noun, words before it, what it is on, a side. It holds it against the
furniture itself: category, colour, own words, size, what it stands on. All that at least one pixel shows counts, lifted
or not; so do parts (the pot of a plant) and what else people call so (a cup beside a mug). A name is ambiguous where it
fits another thing in view too, unless it says a side and all others that it fits lie on the other one.

Printed for each mix: questions, those with an ambiguous name, those with a name alone of something that is too small to
be seen, all that could be asked, things in view with a name; then examples.
"""

import argparse
import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"):
    os.environ.setdefault(_name, "1")

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from spatialvlm import lift
from spatialvlm.geometry import decode_mask
from spatialvlm.kinds import MIXES, Mix
from spatialvlm.pipeline.collect import open_rooms
from spatialvlm.pipeline.measure import measure
from spatialvlm.pipeline.phrase import Phrase, PhraseConfig, references_of
from spatialvlm.records import QA, Frame, Scene
from spatialvlm.worlds.rooms import Room
from spatialvlm.worlds.rooms.palette import MIXED
from spatialvlm.worlds.rooms.palette import NAMES as COLOURS

SMALL = 0.0015
"""The share of the picture below which nothing is asked about by its name alone."""
APART = 0.02
"""Of the width or height of the picture: how far from the others the middle of what lies on a side must be."""
ALIKE_IN_SIZE = 1.2
"""Something so much smaller than a tall or large thing might still be taken for it."""

ALSO_CALLED = {
    "alarm clock": ("clock",),
    "armchair": ("chair",),
    "basket": ("bin",),
    "bin": ("basket",),
    "cereal box": ("box",),
    "coffee table": ("table",),
    "counter": ("cabinet",),
    "cup": ("mug",),
    "desk": ("table",),
    "desk lamp": ("table lamp",),
    "dresser": ("cabinet",),
    "kettle": ("teapot",),
    "mug": ("cup",),
    "nightstand": ("side table", "cabinet"),
    "office chair": ("chair",),
    "pencil cup": ("cup",),
    "side table": ("table", "nightstand"),
    "table lamp": ("desk lamp",),
    "teapot": ("kettle", "pot"),
    "television": ("monitor",),
    "tissue box": ("box",),
    "tv stand": ("cabinet",),
    "wardrobe": ("cabinet",),
    "wine glass": ("glass",),
}
"""What people may call the furniture of a category, beside its noun."""
SAME_LOOK = {"silver": "grey", "grey": "silver", "gold": "yellow", "yellow": "gold"}
SHAPES = {"round", "square"}
"""What is said to be one of them is none of the others."""
PARTS = {"plant": "pot", "laptop": "keyboard"}
"""What people may see in furniture, in a colour that is not its own."""
SIDES = {
    " on the left": (0, -1),
    " on the right": (0, 1),
    " at the top of the image": (1, -1),
    " at the bottom of the image": (1, 1),
}
SIZES = {"short": (0, -1), "tall": (0, 1), "small": (1, -1), "large": (1, 1)}
"""Of which measure, and is it more or less of it."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A thing in view: what it is, its height and the side of a cube of its volume, where it is seen, and how large.

    `on` lists what it stands on, and what that stands on.
    """

    id: str
    category: str
    colour: str
    words: tuple[str, ...]
    on: tuple[str, ...]
    sizes_m: tuple[float, float]
    middle: tuple[float, float]
    share: float


@dataclass(slots=True)
class Count:
    """What was found in all rooms, in one mix."""

    questions: int = 0
    askable: int = 0
    ambiguous: int = 0
    small: int = 0
    named: int = 0
    lifted: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)


def things_in_view(room: Room, frame: Frame) -> dict[str, Seen]:
    """List all that at least one pixel shows."""
    found = {}
    for instance in frame.instances or ():
        thing, mask = room.things[int(instance.id) - 1], decode_mask(instance.mask)
        rows, columns = np.nonzero(mask)
        extent = np.ptp(thing.furniture.vertices, axis=0)
        below, on = thing, ["wall"] if thing.mount == "wall" else []
        while below.on is not None:
            below = room.things[below.on]
            on.append(below.furniture.category)
        found[instance.id] = Seen(
            instance.id,
            thing.furniture.category,
            thing.furniture.colour,
            thing.furniture.words,
            tuple(on or ["floor"]),
            (float(extent[2]), float(np.cbrt(np.prod(extent)))),
            (float(columns.mean()) / mask.shape[1], float(rows.mean()) / mask.shape[0]),
            float(mask.mean()),
        )
    return found


def rivals(name: str, subject: Seen, view: Sequence[Seen]) -> list[Seen]:
    """List the other things that a name fits too."""
    side = next((one for one in SIDES if name.endswith(one)), "")
    bare, _, place = name.removeprefix("the ").removesuffix(side).partition(" on the ")
    others = [one for one in view if one.id != subject.id and _fits(bare, place, subject, one)]
    if side:
        axis, sign = SIDES[side]
        others = [one for one in others if (subject.middle[axis] - one.middle[axis]) * sign < APART]
    return others


def _fits(bare: str, place: str, subject: Seen, other: Seen) -> bool:
    """Tell whether a name without its side fits another thing than its own."""
    if place and not any(place in (one, *ALSO_CALLED.get(one, ())) for one in other.on):
        return False
    part = PARTS.get(other.category)
    if part and bare.endswith(part) and all(word in COLOURS for word in bare.removesuffix(part).split()):
        return True
    nouns = (other.category, *ALSO_CALLED.get(other.category, ()))
    noun = max((noun for noun in nouns if f" {bare}".endswith(f" {noun}")), key=len, default=None)
    return noun is not None and all(_is(word, subject, other) for word in bare.removesuffix(noun).split())


def _is(word: str, subject: Seen, other: Seen) -> bool:
    """Tell whether a word before the noun is true of another thing."""
    if word in SIZES:
        measure_of, sign = SIZES[word]
        own, theirs = subject.sizes_m[measure_of], other.sizes_m[measure_of]
        return theirs * ALIKE_IN_SIZE > own if sign > 0 else theirs < own * ALIKE_IN_SIZE
    if word in COLOURS:
        return other.colour in (word, SAME_LOOK.get(word), MIXED)
    if word in SHAPES and SHAPES & {*other.words}:
        return word in other.words
    unsaid = other.category != subject.category  # nobody says of an office chair that it is padded
    return word in other.words or (unsaid and word in subject.words)


def names_in(qa: QA, scene: Scene, called: dict[str, str]) -> Iterator[tuple[str, str]]:
    """List what a question calls things, with their ids: its subjects, and what they stand on where it says that."""
    if not qa.reference.startswith("caption"):
        return
    yield from zip(qa.fact.subjects, qa.names)
    for surface in scene.surfaces or ():
        name = called.get(surface.of or "")
        if name and set(surface.things) & set(qa.fact.subjects) and name in qa.question and name not in qa.names:
            yield surface.of or "", name


def judge(scene: Scene, view: dict[str, Seen], questions: Sequence[QA], count: Count, label: str) -> None:
    """Count the questions about a room, and those that are not about one thing."""
    called = {one.object_id: one.phrase for one in references_of(scene) if one.phrase}
    for qa in questions:
        count.questions += 1
        said = list(names_in(qa, scene, called))
        fitting = [(id_, name, rivals(name, view[id_], list(view.values()))) for id_, name in said]
        count.small += any(view[id_].share < SMALL and not name.endswith(tuple(SIDES)) for id_, name in said)
        if any(others for *_, others in fitting):
            count.ambiguous += 1
            told = "; ".join(
                f"{name!r} ({describe(view[id_])}) fits {', '.join(map(describe, others))}"
                for id_, name, others in fitting
                if others
            )
            count.examples.append(f"{label}: {qa.question}\n      {told}")


def describe(thing: Seen) -> str:
    """Say what a thing is."""
    words = " ".join([*thing.words, thing.colour, thing.category, "on", " on ".join(thing.on)])
    return f"{words} at {thing.middle[0]:.2f}, {thing.middle[1]:.2f}, {100 * thing.share:.2f} %"


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rooms", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1301)
    parser.add_argument("--mix", nargs="+", choices=tuple(MIXES), default=["paper", "all"])
    parser.add_argument("--questions", type=int, default=20)
    parser.add_argument("--examples", type=int, default=20)
    options = parser.parse_args()
    rooms, counts = open_rooms(options.rooms, seed=options.seed), {mix: Count() for mix in options.mix}
    for index in range(options.rooms):
        frame = rooms.truth(index).frame
        scene, view = lift(frame).scene, things_in_view(rooms.describe(index), frame)
        assert scene is not None
        for mix in options.mix:
            ask_and_judge(scene, view, mix, options.questions, counts[mix], f"room {index}")
    for mix, count in counts.items():
        report(mix, count, options.rooms, options.examples)


def ask_and_judge(scene: Scene, view: dict[str, Seen], mix: Mix, questions: int, count: Count, label: str) -> None:
    """Ask about one room and judge the questions."""
    phrase = Phrase(PhraseConfig(questions_per_image=questions, mix=mix))
    page = phrase.prepare(scene, measure(scene, kinds=MIXES[mix]))
    judge(scene, view, phrase.ask(page, 0), count, label)
    references = references_of(scene)
    count.askable += len(page.rows)
    count.lifted += len(references)
    count.named += sum(one.phrase is not None for one in references)
    count.refused.update(one.reason for one in references if one.reason)


def report(mix: str, count: Count, rooms: int, examples: int) -> None:
    """Print what was found in one mix."""
    print(f"mix {mix}: {count.questions} questions about {rooms} rooms, {count.questions / rooms:.2f} each")
    print(f"  ambiguous {count.ambiguous}, {2000 * count.ambiguous / max(count.questions, 1):.2f} in 2,000")
    print(f"  by name alone under {100 * SMALL:g} % of the picture {count.small}")
    print(f"  could be asked {count.askable / rooms:.1f} a room; named {count.named} of {count.lifted}", end="; ")
    print(", ".join(f"{reason} {number}" for reason, number in count.refused.most_common()))
    for example in count.examples[:examples]:
        print(f"  {example}")


if __name__ == "__main__":
    main()
