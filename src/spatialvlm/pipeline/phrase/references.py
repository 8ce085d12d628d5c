"""How objects are named: the objects of an image in, a noun phrase for each (or the reason why not) out.

The paper's rule (section 1f): captions too alike form a group; one alone is kept, two are told apart by where they are
in the image, more are dropped. Beyond it, an object with several captions takes one that nothing else answers to.
Depends on the captions and boxes only, not on the order of the objects.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from spatialvlm.pipeline.phrase.captions import read, telling, usable
from spatialvlm.pipeline.phrase.similarity import Similarity
from spatialvlm.records import Object

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
    names say opposite things about its quantity would carry its own answer and is not asked.
    """

    object_id: str
    phrase: str | None
    reason: str | None = None
    clause: str | None = None
    says: tuple[tuple[str, int], ...] = ()


def refer(objects: Sequence[Object], width: int, height: int, similarity: Similarity) -> tuple[Reference, ...]:
    """Name the objects of an image of that size in pixels, in their order."""
    found = [usable(o.instance.captions) for o in objects]
    references = [Reference(o.instance.id, None, reason) for o, (_, reason) in zip(objects, found)]
    named = [i for i, (captions, _) in enumerate(found) if captions]
    if not named:
        return tuple(references)
    book = _Book([found[i][0] for i in named], similarity)
    for group in book.groups():
        for member in group:
            i, text = named[member], book.own_caption(member, group)
            twins = [objects[named[other]] for other in group if other != member]
            if text is not None:
                references[i] = _plain(objects[i].instance.id, text)
            elif len(twins) == 1:
                references[i] = _told_apart(objects[i], twins[0], book.captions[member][0], width, height)
            else:
                references[i] = Reference(objects[i].instance.id, None, "reference_group")
    return tuple(references)


class _Book:
    """The usable captions of all objects of an image, and which of them are alike."""

    def __init__(self, captions: list[tuple[str, ...]], similarity: Similarity):
        self.captions = captions
        self.telling = [telling(own) for own in captions]
        texts = list(dict.fromkeys(text for own in captions for text in own))
        self._row = {text: i for i, text in enumerate(texts)}
        self._alike = (similarity(texts) >= similarity.threshold).tolist()

    def alike(self, one: str, other: str) -> bool:
        return self._alike[self._row[one]][self._row[other]]

    def groups(self) -> list[list[int]]:
        """Find connected components of objects whose preferred captions are alike."""
        return _components([[self.alike(one[0], other[0]) for other in self.captions] for one in self.captions])

    def own_caption(self, member: int, group: list[int]) -> str | None:
        """Find a caption that fits nothing else in the image: the preferred one if the object is alone in its group."""
        if len(group) == 1:
            return self.captions[member][0]
        return next((text for text in self.telling[member] if self._fits_only(text, member, group)), None)

    def _fits_only(self, text: str, member: int, group: list[int]) -> bool:
        for other, captions in enumerate(self.captions):
            if other == member:
                continue
            if any(self.alike(text, theirs) for theirs in self.telling[other]):
                return False
            if other not in group and self.alike(text, captions[0]):
                return False
        return True


def _components(linked: list[list[bool]]) -> list[list[int]]:
    left, groups = list(range(len(linked))), []
    while left:
        group, left = [left[0]], left[1:]
        for one in group:  # grows while it is walked
            group += [other for other in left if linked[one][other]]
            left = [other for other in left if not linked[one][other]]
        groups.append(group)
    return groups


def _plain(object_id: str, caption: str) -> Reference:
    return Reference(object_id, f"the {caption}", says=read(caption).says)


def _told_apart(thing: Object, twin: Object, caption: str, width: int, height: int) -> Reference:
    """Name one of two by its side of the other, where their centres in the image are far enough apart."""
    place = _place(thing.instance.box_xyxy.tolist(), twin.instance.box_xyxy.tolist(), width, height)
    if place is None:
        return Reference(thing.instance.id, None, "reference_alike")
    says = (*(pair for pair in read(caption).says if pair[0] not in ("x", "y", "bottom")), *_CLAUSE_SAYS[place])
    return Reference(thing.instance.id, f"the {caption} {_CLAUSES[place]}", clause=place[0], says=says)


def _place(box: list[float], other: list[float], width: int, height: int) -> tuple[str, int] | None:
    for axis, low, size in (("x", 0, width), ("y", 1, height)):
        shift = (box[low] + box[low + 2] - other[low] - other[low + 2]) / 2
        mean_size = (box[low + 2] - box[low] + other[low + 2] - other[low]) / 2
        if abs(shift) > max(MIN_SHIFT * size, mean_size / 2):
            return axis, 1 if shift > 0 else -1
    return None
