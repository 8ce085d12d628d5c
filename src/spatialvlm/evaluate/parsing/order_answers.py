"""Read orders: what a model wrote -> the places of all items, in the order in which it says them.

the mug, the bowl, the lamp   mug > bowl > lamp   1. Mug 2. Bowl 3. Lamp   first the mug, then ...
{"order": ["mug", "bowl", "lamp"]}   the lamp is third, the mug is first ...

Every item is named once, in full or shortened. Of several lists the last one counts.
"""

import re
from collections.abc import Sequence
from itertools import groupby

from spatialvlm.evaluate.parsing.extraction import (
    ParsedAnswer,
    find_segments,
    stated_confidence,
    strip_thinking,
    to_plain_text,
    unparsed,
)
from spatialvlm.evaluate.parsing.names import MARK, mark_names, marked_places

_KEYS = ("final_answer", "answer", "order", "ordering", "ranking", "sequence", "result")
_ORDINALS = "(first|1st)|(second|2nd)|(third|3rd)|(fourth|4th)|(fifth|5th)|(sixth|6th)"
_ORDINAL = re.compile(rf"\b(?:{_ORDINALS}|(?P<last>last))\b", re.IGNORECASE)
_CLAUSES = re.compile(r"[.,;\n]|\band\b", re.IGNORECASE)
_CONCLUDES = re.compile(r"\b(?:therefore|thus|hence|so|order(?:ing)?\s+(?:is|would\s+be))\b|:\s", re.IGNORECASE)
_PLACED_BY = re.compile(
    rf"\b(?:next\s+to|beside|near|behind|in\s+front\s+of|under|left\s+of|right\s+of)\s+{MARK.pattern}", re.I
)
_ASIDE = re.compile(rf"\((?:(?!{MARK.pattern})[^()])*\)")
_BETWEEN = re.compile(
    r"(?:[^\w]|\b(?:and|then|next|followed|by|finally|lastly|last|after|that|the|an?|\d{1,2})\b)*", re.IGNORECASE
)
"""What stands between two items of one list."""


def parse_order(answer: str, items: Sequence[str]) -> ParsedAnswer:
    """Find the order in which an answer names all items, as their places from 0; None where it does not, or twice."""
    text = strip_thinking(answer)
    sure = stated_confidence(text)
    for segment, origin in find_segments(text, _KEYS, (str, list)) if text.strip() else ():
        marked = _ASIDE.sub(" ", mark_names(to_plain_text(segment), *items))
        found = _order(marked, len(items))
        if found is not None:
            return ParsedAnswer(found[0], f"{origin}{found[1]}", confidence=sure)
    return unparsed(text, "names not all of them, or in no order", sure)


def _order(marked: str, count: int) -> tuple[tuple[int, ...], str] | None:
    """Read a text in which the items are marked."""
    if (numbered := _by_ordinals(marked, count)) is not None:
        return numbered, "ordinals"
    rests = [marked[hit.end() :] for hit in reversed(list(_CONCLUDES.finditer(marked)))]
    ways = {"names in order": [marked], "list": _lists(marked), "conclusion": rests}
    ways["names in order, without those that say where"] = [_PLACED_BY.sub(" ", marked)]
    for how, parts in ways.items():
        for part in parts:
            places = [place for place, _ in groupby(marked_places(part))]
            if sorted(places) == list(range(count)):
                return tuple(places), how
    return None


def _lists(marked: str) -> list[str]:
    """Cut out what is listed with nothing between, the last list first."""
    runs: list[str] = []
    end = None
    for hit in MARK.finditer(marked):
        joined = end is not None and _BETWEEN.fullmatch(marked, end, hit.start()) is not None
        runs[-1:] = [runs[-1] + hit[0]] if joined else [*runs[-1:], hit[0]]
        end = hit.end()
    return runs[::-1]


def _by_ordinals(marked: str, count: int) -> tuple[int, ...] | None:
    """Read "the lamp is third, the mug is first": every item with an ordinal of its own."""
    ranks: dict[int, int] = {}
    for clause in _CLAUSES.split(marked):
        places, said = marked_places(clause), list(_ORDINAL.finditer(clause))
        if len(places) == len(said) == 1:
            rank = count if said[0]["last"] else said[0].lastindex or 0
            ranks[rank] = places[0]
    if sorted(ranks) == list(range(1, count + 1)) and len(set(ranks.values())) == count:
        return tuple(ranks[rank] for rank in sorted(ranks))
    return None
