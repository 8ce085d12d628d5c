"""Find the item that a recorded row answers: by its id, else by the question that it repeats, else by its place.

Places count from 0 (`doc_id` of lmms-eval) or from wherever somebody's table began (`index` of VLMEvalKit), and a log
may be in another order than the items. So a place alone counts only where nothing speaks against it: where rows repeat
their questions, these decide, and a row whose question is that of no item at its place is found by it or refused.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spatialvlm.errors import UserError
from spatialvlm.evaluate.items import Item

IDS = ("id", "question_id")
PLACES = ("doc_id", "index")
QUESTIONS = ("question", "prompt", "input")

_NOISE = re.compile(r"<image[ _]?\d*>|\s+")


@dataclass(frozen=True, slots=True)
class Addressee:
    """Whom a row answers, as far as it says: ids, the words of its question, the place of an item and its name."""

    ids: tuple[str, ...]
    question: str | None = None
    place: int | None = None
    place_name: str = ""

    @property
    def said(self) -> str | int:
        """What the row calls its item, for messages."""
        return self.ids[0] if self.ids else self.place if self.place is not None else (self.question or "")[:60]


def addressee_of(row: Mapping[str, Any], where: str) -> Addressee:
    """Read whom a row answers. Raises UserError where it says nothing, or names a place that is none."""
    logged, doc = row.get("robust"), row.get("doc")
    ours = logged.get("row") if isinstance(logged, Mapping) else None
    sources = [one for one in (row, ours, doc) if isinstance(one, Mapping)]
    ids = tuple(str(one[name]) for one in sources for name in IDS if one.get(name) is not None)
    asked = [one[name] for one in reversed(sources) for name in QUESTIONS if isinstance(one.get(name), str)]
    name = next((name for name in PLACES if row.get(name) is not None), "")
    if not (ids or asked or name):
        raise UserError(f"{where}: got {', '.join(row)}; expected 'id'")
    place = row[name] if name else None
    if isinstance(place, float) and place.is_integer():  # tables that went through pandas
        place = int(place)
    if place is not None and (isinstance(place, bool) or not str(place).isdecimal()):
        if ids or asked:
            place, name = None, ""
        else:
            raise UserError(f"{where}: got {name} {place!r}; expected the place of an item, from 0, or give its 'id'")
    return Addressee(ids, asked[0] if asked else None, None if place is None else int(place), name)


def match_rows(rows: Sequence[Addressee], items: Sequence[Item], where: str) -> list[str | None]:
    """Find the id of the item of each row; None for a row about no item.

    Raises UserError where places and questions disagree and questions alone do not tell, or nobody knows from where
    places count.
    """
    return _Matcher(rows, items, where).ids


class _Matcher:
    def __init__(self, rows: Sequence[Addressee], items: Sequence[Item], where: str) -> None:
        self._items, self._where = items, where
        self._known = {item.id for item in items}
        self._asking: dict[str, list[str]] = defaultdict(list)
        for item in items:
            for words in dict.fromkeys((plain_words(item.question), plain_words(item.prompt))):
                self._asking[words].append(item.id)
        placed = [row for row in rows if row.place is not None and not self._known.intersection(row.ids)]
        self._first = self._first_place(placed)
        at = [(row, self._at(row)) for row in placed if row.question is not None]
        agree = [_asks(row, item) for row, item in at if item is not None]
        self._in_order = bool(agree) and all(agree)
        self.ids = [self._id(row) for row in rows]

    def _at(self, row: Addressee, first: int | None = None) -> Item | None:
        """Return the item at the place of a row."""
        place = -1 if row.place is None else row.place - (self._first if first is None else first)
        return self._items[place] if 0 <= place < len(self._items) else None

    def _first_place(self, placed: Sequence[Addressee]) -> int:
        """Tell whether places count from 0 or from 1: as the questions say, else as the places do."""
        asked = [row for row in placed if row.question is not None]
        right = [sum(_asks(row, self._at(row, first)) for row in asked) for first in (0, 1)]
        if right[0] != right[1]:
            return int(right[1] > right[0])
        places = {row.place for row in placed}
        if not places or 0 in places or all(row.place_name == "doc_id" for row in placed):
            return 0
        if places.issuperset(range(1, len(self._items) + 1)):
            return 1
        if any(right) or len(asked) == len(placed):
            return 0
        raise UserError(
            f"{self._where}: 'index' begins at {min(place for place in places if place is not None)} and does not "
            "cover all items, so it may count from 0 or from 1; give each row the 'id' or the 'question' of its item"
        )

    def _id(self, row: Addressee) -> str | None:
        named = next((id_ for id_ in row.ids if id_ in self._known), None)
        if named is not None:
            return named
        at = self._at(row)
        if row.question is None:
            return at.id if at is not None and not row.ids else None
        if row.place is not None and self._in_order:
            return None if at is None else at.id
        same = self._asking.get(plain_words(row.question), [])
        if len(same) == 1:
            return same[0]
        if at is not None or len(same) > 1:
            raise UserError(
                f"{self._where}: the row of {row.place_name or 'question'} {row.said!r} asks {row.question[:80]!r}, "
                f"which {len(same) or 'no'} items ask, and the places are of another order; give each row the 'id' of "
                "its item"
            )
        return None


def _asks(row: Addressee, item: Item | None) -> bool:
    """Tell whether a row repeats the question of an item, perhaps with more or less around it."""
    if item is None or row.question is None:
        return False
    said, question, prompt = (plain_words(text) for text in (row.question, item.question, item.prompt))
    return question in said or (said != "" and said in prompt)


def plain_words(text: str) -> str:
    """Leave out of a question what harnesses change: case, blanks, the places of images."""
    return _NOISE.sub(" ", text).strip().casefold()
