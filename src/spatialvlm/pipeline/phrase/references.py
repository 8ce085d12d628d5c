"""How objects are named: a scene in, a noun phrase for each of its objects (or the reason why not) out.

The paper's rule (section 1f): captions too alike form a group; one alone is kept, two are told apart by where they are
in the image, more are dropped. Beyond it, all captions of the others count, and an object with several captions takes
one that nothing else answers to, what was seen but not lifted included. Depends on the captions and boxes only, not on
the order of the objects.
"""

from dataclasses import dataclass, replace

import numpy as np

from spatialvlm.captions import cleaned, denies, read, telling, usable
from spatialvlm.pipeline.phrase.similarity import Similarity
from spatialvlm.records import Camera, Instance, Scene

MIN_SHIFT = 0.05
"""Two centres nearer than this share of the image, or than half the mean size of the boxes, are not left and right."""

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
    found = [usable(thing.captions) for thing in things[: len(scene.objects)]]
    references = [Reference(thing.id, None, reason) for thing, (_, reason) in zip(things, found)]
    unnamed = [()] * len(scene.unlifted)
    book = _Book([*(captions for captions, _ in found), *unnamed], [thing.captions for thing in things], similarity)
    for group in book.groups():
        for i in group:
            if not book.captions[i]:
                continue
            text = book.captions[i][0] if len(group) == 1 else book.own_caption(i)
            twins = [things[other] for other in group if other != i]
            if text is not None:
                references[i] = _named(things[i], text)
            elif len(twins) == 1:
                references[i] = _told_apart(things[i], twins[0], book.captions[i][0], scene.camera)
            else:
                references[i] = Reference(things[i].id, None, "reference_group")
    return tuple(references)


class _Book:
    """The captions of all things in an image: those that may name it, all that are true of it, and which are alike.

    Sets of captions are the bits of an int.
    """

    def __init__(self, usable: list[tuple[str, ...]], given: list[tuple[str, ...]], similarity: Similarity):
        self.captions = usable
        self._true = [cleaned(captions) for captions in given]
        texts = list(dict.fromkeys(text for own in self._true for text in own))
        bit = {text: 1 << i for i, text in enumerate(texts)}
        packed = np.packbits(similarity(texts) >= similarity.threshold, axis=1, bitorder="little")
        self._alike = {text: int.from_bytes(row.tobytes(), "little") for text, row in zip(texts, packed)}
        self._telling = [sum(bit[text] for text in telling(captions)) for captions in self._true]

    def groups(self) -> list[list[int]]:
        """Find connected components of objects of which one answers to the other's preferred caption."""
        fits = [self._answering(own[0]) if own else () for own in self.captions]
        linked = [set(others) for others in fits]
        for i, others in enumerate(fits):
            for other in others:
                linked[other].add(i)
        return _components(linked)

    def own_caption(self, member: int) -> str | None:
        """Find a caption of an object that nothing else in the image answers to."""
        own = {member}
        return next((text for text in telling(self.captions[member]) if own.issuperset(self._answering(text))), None)

    def _answering(self, text: str) -> list[int]:
        """List what a reader may take for the thing that a text names: one caption allows it, none denies it."""
        alike = self._alike[text]
        return [i for i, said in enumerate(self._telling) if alike & said and not denies(self._true[i], text)]


def _components(linked: list[set[int]]) -> list[list[int]]:
    left, groups = list(range(len(linked))), []
    while left:
        group, left = [left[0]], left[1:]
        for one in group:  # grows while it is walked
            if linked[one]:
                group += [other for other in left if other in linked[one]]
                left = [other for other in left if other not in linked[one]]
        groups.append(group)
    return groups


def _named(thing: Instance, caption: str) -> Reference:
    words = read(caption)
    heads = frozenset(read(text).head for text in usable(thing.captions)[0])
    return Reference(thing.id, f"the {caption}", None, None, words.says, words.after, heads, words.plural)


def _told_apart(thing: Instance, twin: Instance, caption: str, camera: Camera) -> Reference:
    """Name one of two by its side of the other, where their centres in the image are far enough apart."""
    place = _place(thing.box_xyxy.tolist(), twin.box_xyxy.tolist(), camera.width, camera.height)
    if place is None:
        return Reference(thing.id, None, "reference_alike")
    plain = _named(thing, caption)
    claimed = dict((*plain.says, *_CLAUSE_SAYS[place]))
    phrase = f"{plain.phrase} {_CLAUSES[place]}"
    return replace(plain, phrase=phrase, clause=place[0], says=tuple(claimed.items()))


def _place(box: list[float], other: list[float], width: int, height: int) -> tuple[str, int] | None:
    for axis, low, size in (("x", 0, width), ("y", 1, height)):
        shift = (box[low] + box[low + 2] - other[low] - other[low + 2]) / 2
        mean_size = (box[low + 2] - box[low] + other[low + 2] - other[low]) / 2
        if abs(shift) > max(MIN_SHIFT * size, mean_size / 2):
            return axis, 1 if shift > 0 else -1
    return None
