"""fit: does a thing, or something of a given width, go between two others? A gap and a width."""

import numpy as np

from spatialvlm.chains.chain_records import Conclusion
from spatialvlm.chains.drafts import Draft
from spatialvlm.chains.fact_book import FactBook, seen_apart
from spatialvlm.chains.uncertain_numbers import length_of
from spatialvlm.quantities import say_limit
from spatialvlm.records import Fact, Object

ROBOT = (
    "Could a robot that is [W] wide pass between [B] and [C]?",
    "A robot is [W] wide. Can it drive through between [B] and [C]?",
    "Is there room for a [w] wide robot to get through between [B] and [C]?",
    "Would a cart with a width of [W] fit through between [B] and [C]?",
    "I am pushing something [W] wide. Do I get it through between [B] and [C]?",
    "Can a robot with a width of [W] pass between [B] and [C]?",
    "Is the passage between [B] and [C] wide enough for a robot that measures [W] across?",
    "Do [B] and [C] leave enough room for a robot [W] wide to pass?",
)
BOX = (
    "Would a box [W] wide fit between [B] and [C]?",
    "Could something that is [W] wide be put between [B] and [C]?",
    "Is there room for a [w] wide box between [B] and [C]?",
    "A box has a width of [W]. Does it go between [B] and [C]?",
    "Can I set down something [W] wide between [B] and [C]?",
    "Do [B] and [C] leave enough room between them for a box [W] wide?",
    "Is the space between [B] and [C] wide enough for a [w] wide box?",
    "I have a box that is [W] wide. Is there space for it between [B] and [C]?",
)
THING = (
    "Would [A] fit between [B] and [C]?",
    "Could [A] be moved into the gap between [B] and [C] without being turned?",
    "Is the gap between [B] and [C] wide enough for [A]?",
    "Is there room for [A] between [B] and [C]?",
    "Do [B] and [C] leave enough space for [A] between them?",
    "If I moved [A] between [B] and [C], would it fit?",
    "Can [A] stand between [B] and [C] without touching either, turned as it is now?",
    "Does [A] go into the space between [B] and [C]?",
)
_GIVEN_PLANS = (
    "I need the gap between [B] and [C], and compare it with [W].",
    "What counts is how much room there is between [B] and [C].",
    "The narrowest place between [B] and [C] has to be wider than [W].",
)
_PLANS = (
    "What counts is how wide the gap is, and how wide [A].",
    "I need the gap between [B] and [C], and the width of [A].",
    "[A] fits if it is less wide than the gap.",
)
_YES = ("So yes, there is enough room.", "Yes, it fits.", "The gap is wider than that, so it fits.")
_NO = (
    "So no, the gap is too narrow.",
    "No, it does not fit.",
    "The gap is narrower than that, so there is not enough room.",
)
_DIFFERENCE_YES = ("that leaves [E] to spare", "the room to spare is [E]", "the gap is wider by [E]")
_DIFFERENCE_NO = ("what is missing is [E]", "the gap falls short by [E]", "the gap is too narrow by [E]")
_GIVEN = ("the width that it takes is [N]", "it has to be [N] at least", "it takes [N]")
_FACTORS = (0.5, 0.65, 0.8, 1.2, 1.4, 1.7)
_SAME_LEVEL_M = 0.05
_BESIDE_M = 0.1
"""What is nearer to the straight way than this stands in it."""
_SIDEWAYS_SHARE = 0.9
_ROOM_FOR_ROBOT_M = 0.3
MOST_TIMES = 3.0


def fit(book: FactBook, rng: np.random.Generator) -> Draft | str:
    """Draft a question about what goes into a gap."""
    gaps = book.every("gap")
    if not gaps:
        return "not_measured"
    gap = gaps[int(rng.integers(len(gaps)))]
    b, c = (gap.subjects[place] for place in rng.permutation(2))
    if not _level(book, b, c) or not _clear(book, b, c):
        return "not_clear"
    if book.mentioned((b, c)):
        return "not_asked"
    draft = Draft(book, "fit", {"B": book.name(b), "C": book.name(c)})
    draft.standing = tuple(sorted(id_ for id_ in (b, c) if book.things[id_].standing))
    if rng.random() < 0.5:
        return _given(draft, rng, gap, (b, c))
    return _thing(draft, rng, gap, (b, c))


def _given(draft: Draft, rng: np.random.Generator, gap: Fact, ids: tuple[str, str]) -> Draft | str:
    """Ask about a given width, in steps that people would say."""
    free = length_of(gap)
    step = 0.05 if free > 0.25 else 0.01
    width = round(round(free * float(rng.choice(_FACTORS)) / step) * step, 2)
    if width < step or not seen_apart(width, free):
        return "not_asked"
    said = say_limit(width, 0.0)
    draft.slots |= {"W": said, "w": said.replace(" ", "-")}
    robot = draft.book.on_floor and len(draft.standing) == 2 and width >= _ROOM_FOR_ROBOT_M
    draft.questions, draft.plans = ROBOT if robot else BOX, _GIVEN_PLANS
    room = draft.measure(gap, ids)
    needed = draft.combine("given", (), "the width that it takes", _GIVEN, width)
    return _compared(draft, room, needed, free > width)


def _thing(draft: Draft, rng: np.random.Generator, gap: Fact, ids: tuple[str, str]) -> Draft | str:
    """Ask about one of the other things, as it is turned now."""
    widths = [fact for fact in draft.book.every("width") if fact.subjects[0] not in ids]
    if not widths:
        return "not_measured"
    width = widths[int(rng.integers(len(widths)))]
    if not _level(draft.book, *ids, *width.subjects) or not _sideways(draft.book, *ids):
        return "not_clear"
    free, wide = length_of(gap), length_of(width)
    if draft.book.mentioned((*width.subjects, *ids)) or max(free, wide) > MOST_TIMES * min(free, wide):
        return "not_asked"
    if not seen_apart(free, wide):
        return "too_close_to_call"
    draft.slots["A"] = draft.book.name(width.subjects[0])
    draft.questions, draft.plans = THING, _PLANS
    room = draft.measure(gap, ids)
    return _compared(draft, room, draft.measure(width), free > wide)


def _compared(draft: Draft, room: int, needed: int, fits: bool) -> Draft:
    pair = (room, needed) if fits else (needed, room)
    draft.combine(
        "difference",
        pair,
        "what is to spare" if fits else "what is missing",
        _DIFFERENCE_YES if fits else _DIFFERENCE_NO,
    )
    draft.endings = _YES if fits else _NO
    draft.conclusion = Conclusion("greater", (room, needed))
    return draft


def _level(book: FactBook, *ids: str) -> bool:
    """Tell whether things stand on the same level."""
    if all(book.things[id_].standing for id_ in ids):
        return True
    bottoms = [bottom for bottom in (book.length("elevation", id_) for id_ in ids) if bottom is not None]
    return len(bottoms) == len(ids) and max(bottoms) - min(bottoms) < _SAME_LEVEL_M


def _sideways(book: FactBook, b: str, c: str) -> bool:
    """Tell whether a gap runs from left to right, as widths are measured."""
    across = book.length("left_difference", b, c) or book.length("left_difference", c, b)
    apart = book.length("distance", b, c)
    return across is not None and apart is not None and across > _SIDEWAYS_SHARE * apart


def _clear(book: FactBook, b: str, c: str) -> bool:
    """Tell whether nothing that is in sight stands between two things, on the straight way from one to the other."""
    by_id = {o.instance.id: o for o in book.scene.objects}
    start, end = by_id[b], by_id[c]
    low, high = max(_low(start), _low(end)), min(_high(start), _high(end))
    one, other = ((o.box.low_in_world[:2] + o.box.high_in_world[:2]) / 2 for o in (start, end))
    way = np.linspace(one, other, 50)
    return not any(
        np.any(np.all((way > o.box.low_in_world[:2] - _BESIDE_M) & (way < o.box.high_in_world[:2] + _BESIDE_M), axis=1))
        for o in book.scene.objects
        if o.instance.id not in (b, c) and _low(o) < high and _high(o) > low + _SAME_LEVEL_M
    )


def _low(o: Object) -> float:
    return float(o.box.low_in_world[2])


def _high(o: Object) -> float:
    return float(o.box.high_in_world[2])
