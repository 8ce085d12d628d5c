"""How objects are named: a scene in, a noun phrase for each of its objects (or the reason why not) out.

The paper's rule (section 1f), by name: what answers to it forms a group; one alone is kept, two are told apart by where
they are in the image, more are dropped. All captions of the others count, what was seen but not lifted included, and an
object with several captions takes one that nothing else answers to. What is too small to be found by a name alone says
where in the image it is too. Depends on the captions, boxes and masks only, not on the order of the objects.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from spatialvlm.captions import cleaned, denies, held_in, plain_noun, read, telling, usable
from spatialvlm.geometry import BoxXyxy, mask_share
from spatialvlm.pipeline.phrase.similarity import Similarity
from spatialvlm.records import Camera, Instance, Scene

MIN_SHIFT = 0.05
"""Two centres nearer than this share of the image, or than half the mean size of the boxes, are not left and right."""
LEAST_SHARE = 0.0015
"""Of the image's pixels: a thing of which less is seen is not asked about by its name alone."""
INSIDE = 0.9
"""So much of a box lies in that of a thing where it may be a part of it."""

_CLAUSES = {
    ("x", -1): "on the left",
    ("x", 1): "on the right",
    ("y", -1): "at the top of the image",
    ("y", 1): "at the bottom of the image",
}
_CLAUSE_SAYS = {
    ("x", -1): (("x", -1),),
    ("x", 1): (("x", 1),),
    ("y", -1): (("bottom", 1), ("y", 1)),
    ("y", 1): (("bottom", -1), ("y", -1)),
}
"""What a clause claims of measured quantities: higher up in the image is higher up or further back in the world."""


@dataclass(frozen=True, slots=True)
class Reference:
    """The name of one object within its image, or why it has none.

    `says` is what the name gives away: (quantity, +1 the greater | -1 the lesser). A comparison of two objects whose
    names say opposite things about its quantity would carry its own answer and is not asked. `mentions` are the words
    by which the name relates the object to others ("on the desk"), `heads` what the object itself is called.
    """

    object_id: str
    phrase: str | None
    reason: str | None = None
    clause: str | None = None
    says: tuple[tuple[str, int], ...] = ()
    mentions: frozenset[str] = frozenset()
    heads: frozenset[str] = frozenset()
    plural: bool = False


def refer(scene: Scene, similarity: Similarity) -> tuple[Reference, ...]:
    """Name the objects of a scene, in their order. What was seen but not lifted gets no name and may share none."""
    things = (*(o.instance for o in scene.objects), *scene.unlifted)
    book = _Book(things, similarity)
    return tuple(_refer(book, place, scene.camera) for place in range(len(scene.objects)))


def _refer(book: "_Book", place: int, camera: Camera) -> Reference:
    """Name one thing by a caption that fits nothing else, or fits one thing that lies elsewhere; small ones by both."""
    thing = book.things[place]
    captions, reason = usable(thing.captions)
    if not captions:
        return Reference(thing.id, None, reason)
    clear, others = _is_clear(thing), book.rivals(place, captions[0])
    if clear and not others:
        return _named(thing, captions[0])
    rivals = {captions[0]: others, **{text: book.rivals(place, text) for text in telling(captions)}}
    alone = [text for text, others in rivals.items() if not others]
    if alone and clear:
        return _named(thing, alone[0])
    if alone:
        return _placed(thing, min(alone, key=_says_where), _in_image(thing, camera))
    pairs = [(text, book.things[others[0]]) for text, others in rivals.items() if len(others) == 1]
    sides = [(text, side) for text, twin in pairs if (side := _beside(thing, twin, camera)) is not None]
    if sides:
        return _placed(thing, *min(sides, key=lambda told: _says_where(told[0])))
    return Reference(thing.id, None, "reference_alike" if pairs else "reference_group")


def _says_where(caption: str) -> bool:
    """Tell whether a clause would stand after another one: "the cup on the desk on the left"."""
    return bool(read(caption).after)


class _Book:
    """What is said of all things in an image. Sets of captions are the bits of an int."""

    def __init__(self, things: Sequence[Instance], similarity: Similarity):
        self.things = things
        self._true = [cleaned(thing.captions) for thing in things]
        texts = list(dict.fromkeys(text for own in self._true for text in own))
        bit = {text: 1 << i for i, text in enumerate(texts)}
        packed = np.packbits(similarity(texts) >= similarity.threshold, axis=1, bitorder="little")
        self._alike = {text: int.from_bytes(row.tobytes(), "little") for text, row in zip(texts, packed)}
        self._said = [sum(bit[text] for text in dict.fromkeys(captions)) for captions in self._true]
        self._held = [(place, held) for place, own in enumerate(self._true) if (held := held_in(own))]

    def rivals(self, place: int, text: str) -> list[int]:
        """List what else a reader may take for the thing that a text names: a caption allows it, and none denies it.

        So is what has a part of that name, unless the thing itself is that part.
        """
        alike, noun, own = self._alike[text], plain_noun(text), self.things[place].box_xyxy
        fitting = [i for i, said in enumerate(self._said) if alike & said and not denies(self._true[i], text)]
        wholes = [i for i, held in self._held if noun in held and not _is_inside(own, self.things[i].box_xyxy)]
        return [other for other in dict.fromkeys((*fitting, *wholes)) if other != place]


def _is_inside(box: BoxXyxy, other: BoxXyxy) -> bool:
    """Tell whether most of a box lies in another one."""
    left, top, right, bottom = box.tolist()
    low_x, low_y, high_x, high_y = other.tolist()
    shared = max(0.0, min(right, high_x) - max(left, low_x)) * max(0.0, min(bottom, high_y) - max(top, low_y))
    return shared >= INSIDE * (right - left) * (bottom - top)


def _is_clear(thing: Instance) -> bool:
    """Tell whether a thing is large enough to be found by its name alone."""
    return mask_share(thing.mask) >= LEAST_SHARE


def _named(thing: Instance, caption: str) -> Reference:
    words = read(caption)
    heads = frozenset(read(text).head for text in usable(thing.captions)[0])
    return Reference(thing.id, f"the {caption}", None, None, words.says, words.after, heads, words.plural)


def _placed(thing: Instance, caption: str, place: tuple[str, int] | None) -> Reference:
    """Name a thing by a caption and the side that it is on; what is small and in the middle has no name."""
    if place is None:
        return Reference(thing.id, None, "reference_small")
    plain = _named(thing, caption)
    claimed = dict((*plain.says, *_CLAUSE_SAYS[place]))
    phrase = f"{plain.phrase} {_CLAUSES[place]}"
    return replace(plain, phrase=phrase, clause=place[0], says=tuple(claimed.items()))


def _in_image(thing: Instance, camera: Camera) -> tuple[str, int] | None:
    """Find the side of the image that a thing is on: the middle of its box in an outer third."""
    left, top, right, bottom = thing.box_xyxy.tolist()
    for axis, share in (("x", (left + right) / 2 / camera.width), ("y", (top + bottom) / 2 / camera.height)):
        if abs(share - 0.5) > 1 / 6:
            return axis, 1 if share > 0.5 else -1
    return None


def _beside(thing: Instance, twin: Instance, camera: Camera) -> tuple[str, int] | None:
    """Find the side of another thing that a thing is on, where their centres in the image are far enough apart."""
    box, other = thing.box_xyxy.tolist(), twin.box_xyxy.tolist()
    for axis, low, size in (("x", 0, camera.width), ("y", 1, camera.height)):
        shift = (box[low] + box[low + 2] - other[low] - other[low + 2]) / 2
        mean_size = (box[low + 2] - box[low] + other[low + 2] - other[low]) / 2
        if abs(shift) > max(MIN_SHIFT * size, mean_size / 2):
            return axis, 1 if shift > 0 else -1
    return None
