"""Match options: what a model wrote -> which of the options it takes, by letter or by its words.

(B)   B.   **B) behind**   The answer is B.   \\boxed{B}   Option B   behind   It is behind the sofa.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from spatialvlm.answers import SAME
from spatialvlm.evaluate.items import AnswerReading, Relation
from spatialvlm.evaluate.parsing.extraction import (
    ParsedAnswer,
    find_segments,
    stated_confidence,
    strip_thinking,
    to_plain_text,
    unparsed,
)
from spatialvlm.evaluate.parsing.names import (
    FIRST,
    MARK,
    SECOND,
    has_article,
    mark_names,
    marked_places,
    name_pattern,
)
from spatialvlm.evaluate.parsing.numbers_in_text import find_numbers
from spatialvlm.evaluate.parsing.options_by_place import NOT, by_place, by_quadrant
from spatialvlm.evaluate.parsing.relations import parse_marked_relation, parse_relation, says_same
from spatialvlm.evaluate.parsing.yes_no_answers import parse_yes_no

LETTERS = "ABCDEFGHIJ"
_SEVERAL = re.compile(r"(?<![\w'])[A-J]\s*(?:,|and|or|&|/)\s*(?:[A-J]\s*(?:,|and|or|&|/)\s*)*[A-J](?![\w'])")
_CONCLUDES = re.compile(r"\b(?:therefore|thus|hence|so|but|answer(?:\s+is)?|in\s+conclusion|overall)\b", re.IGNORECASE)
_COMPARES = re.compile(r"^\s*(?:between|of|both|comparing|among)\b[^,.]*,", re.IGNORECASE)
_LISTS_ALL = re.compile(
    rf"^\W*(?:between|(?:out\s+)?of|among|from|comparing)\s+(?:{MARK.pattern},?\s+)+(?:and|or)\s+{MARK.pattern}",
    re.IGNORECASE,
)
"""The options told again, before one of them is taken: "Between the plate, the bowl and the pear, ..."."""
_COMPARED_WITH = re.compile(
    r"\b(?<!rather\s)(?:than|because|since|while|whereas|with|compared\s+(?:to|with)|followed\s+by)\b", re.IGNORECASE
)
_JSON_KEYS = ("final_answer", "answer", "choice", "option", "label", "prediction", "result")


def parse_choice(answer: str, options: tuple[str, ...], reading: AnswerReading) -> ParsedAnswer:
    """Find the place from 0 of the option that an answer takes; None where it takes none, or several."""
    text = strip_thinking(answer)
    sure = stated_confidence(text)
    for segment, origin in find_segments(text, _JSON_KEYS, (str, int)) if text.strip() else ():
        found = _match(to_plain_text(segment).strip(), options, reading)
        if found is not None:
            return ParsedAnswer(found[0], f"{origin}{found[1]}", confidence=sure)
    return unparsed(text, "names no option, or several", sure)


def _match(text: str, options: tuple[str, ...], reading: AnswerReading) -> tuple[int, str] | None:
    exact = [place for place, option in enumerate(options) if _same(text, option)]
    if len(exact) == 1:
        return exact[0], "the option's words"
    relation = reading.relation
    if not reading.lettered and {option.lower() for option in options} - {SAME} == {"yes", "no"}:
        return _by_yes_no(text, options, relation)
    if reading.lettered and (place := _by_compared_letters(text, options)) is not None:
        return place, "letters compared"
    if reading.lettered and _SEVERAL.search(text) and not _CONCLUDES.search(text):
        return None
    if reading.lettered and (place := _by_letter(text, options)) is not None:
        return place, "letter"
    if relation is not None and (place := _by_relation(text, options, relation)) is not None:
        return place, "relation"
    if relation is not None and (things := _things_of(options, relation)):
        found = _by_names(text, relation[:2]) or by_place(text, things)
        return None if found is None else (options.index(things[found[0]]), found[1])
    if all(option in reading.names or has_article(option) for option in options):
        others = [name for name in reading.names if name not in options]
        return _by_names(text, options, others) or by_place(text, options)
    text = mark_names(text, *reading.names)
    if (place := by_quadrant(text, options)) is not None:
        return place, "its two words"
    found = _by_words(text, options)
    if found is None and (rest := _conclusion(text)) is not None:
        found = _by_words(rest, options)
    return found


def _by_yes_no(text: str, options: tuple[str, ...], relation: Relation | None) -> tuple[int, str] | None:
    """Match yes, no, or neither of them."""
    words = [option.lower() for option in options]
    if SAME in words and (says_same(text) if relation is None else parse_relation(text, relation) == 0):
        return words.index(SAME), SAME
    said = parse_yes_no(text, relation).value
    return None if said is None else (words.index("yes" if said else "no"), "yes or no")


def _conclusion(text: str) -> str | None:
    """Take what follows the last word that concludes, or "between the sofa and the lamp,"."""
    ends = [hit.end() for pattern in (_CONCLUDES, _COMPARES) for hit in pattern.finditer(text)]
    return text[max(ends) :] if ends else None


def _things_of(options: tuple[str, ...], relation: Relation) -> tuple[str, ...]:
    """Take the options that are the two things of the relation; none where they are not."""
    things = tuple(thing.partition("|")[0] for thing in relation[:2])
    return things if {*things} <= {*options} else ()


def _by_names(text: str, things: Sequence[str], others: Sequence[str] = ()) -> tuple[int, str] | None:
    """Match the only thing that is named, in full or shortened; of several the one that is concluded with.

    `others` are no options, and told apart from them.
    """
    marked = mark_names(text, *things, *others)
    parts = (marked, _conclusion(marked), _LISTS_ALL.sub("", marked), _COMPARED_WITH.split(marked, 1)[0])
    for part in parts:
        if part is not None:
            said = [hit for hit in MARK.finditer(part) if not NOT.search(part[: hit.start()])]
            named = {place for hit in said for place in marked_places(hit[0]) if place < len(things)}
            if len(named) == 1:
                return named.pop(), "the thing's name"
    return None


def _same(text: str, option: str) -> bool:
    return _bare(text).replace("-", "").replace(" ", "") == _bare(option).replace("-", "").replace(" ", "")


def _bare(text: str) -> str:
    return re.sub(r"^(?:the|an?|it is|it's)\s+", "", re.sub(r"[^\w\s/'-]", " ", text).strip().lower()).strip()


@lru_cache(maxsize=64)
def _letter_patterns(count: int) -> tuple[re.Pattern[str], ...]:
    letters = LETTERS[:count]
    some = f"[{letters}{letters.lower()}]"
    return (
        re.compile(rf"^\W*\(?({some})\W*(?:$|\n)"),
        re.compile(
            rf"^\s*(?:\(({some})\)|([{letters}])\s?[.:)\]](?!\w)|([{letters}]),\s*(?:not|[Ii]\s|because|since|as)\b)"
        ),
        re.compile(
            rf"\b(?:answer|option|choice|choose|select|pick|correct)\b[^.\n(]{{0,24}}?(?:\bis\b|:|=|\b)\s*\(?(?-i:([{letters}]))\b(?![\s]*'|\s+[a-z])",
            re.IGNORECASE,
        ),
        re.compile(rf"\(({some})\)"),
        re.compile(rf"(?<![\w'])([{letters}])[.:)](?!\w)"),
        re.compile(
            rf"(?<![\w'/])(?:([{letters[1:]}])|(?<=[Pp]oint )(A)|(?<=say )(A)|(A)(?=\s*(?:$|[.,;!?])))(?![\w'])"
        ),
    )


_A_AND_ANOTHER = re.compile(r"(?<![\w'])A\s+\w+\s+(?:[Pp]oint\s+)?[B-J](?![\w'])")
_COMPARED = re.compile(r"(?P<letter>[A-J])\s+is\s+(?P<word>\w+)")
_MARKED_LETTER = re.compile(
    r"(?:\b[Pp]oint\s+)?(?<![\w'])(?:(?<=[Pp]oint\s)A|A(?=\s+(?:is|appears|looks|seems|lies|sits|has|would|must|and|or|than)\b"
    r"|\s*(?:$|[,.;:!?)]))|(?<=than\s)A|B)(?![\w'])"
)
"""A letter that is meant as one: "A" before a verb, a stop or behind "point" and "than" is, else it is an article."""


def _by_compared_letters(text: str, options: tuple[str, ...]) -> int | None:
    """Match one of the options "A is closer" and "B is closer" with a sentence about both."""
    parts = [_COMPARED.fullmatch(option.strip(" .")) for option in options]
    if len(options) != 2 or not all(parts) or [part["letter"] for part in parts if part] != ["A", "B"]:
        return None
    words = {part["word"].lower() for part in parts if part}
    if not words <= {"closer", "nearer", "farther", "further"} or len(words) != 1:
        return None
    marked = _MARKED_LETTER.sub(lambda hit: FIRST if hit[0].endswith("A") else SECOND, text)
    if not (FIRST in marked and SECOND in marked):
        return None
    sign = parse_marked_relation(marked, "front", "behind", unnamed=False)
    if not sign:
        return None
    nearer = words <= {"closer", "nearer"}
    return 0 if (sign > 0) == nearer else 1


def _by_letter(text: str, options: tuple[str, ...]) -> int | None:
    """Match a letter as people write it; "A" alone before a word is the article, not the option."""
    patterns = _letter_patterns(len(options))
    for index, pattern in enumerate(patterns):
        hits = [next(group for group in hit.groups() if group) for hit in pattern.finditer(text)]
        kept = [letter.upper() for letter in hits]
        if not kept:
            continue
        if index == 2:
            return LETTERS.index(kept[-1])
        if pattern is patterns[-1] and "A" not in kept and _A_AND_ANOTHER.search(text):
            return None
        if len(set(kept)) == 1:
            return LETTERS.index(kept[0])
    return _by_letter_and_words(text, options)


def _by_letter_and_words(text: str, options: tuple[str, ...]) -> int | None:
    """Match a letter followed by its own option: "B behind"."""
    found = re.match(r"\s*([A-Ja-j])\s+(.*)", text)
    if found is None:
        return None
    place = LETTERS.index(found[1].upper())
    return place if place < len(options) and _bare(found[2]).startswith(_bare(options[place])) else None


def _by_relation(text: str, options: tuple[str, ...], relation: Relation) -> int | None:
    """Match the thing, the word, or yes or no, that a sentence about two things comes to."""
    *_, word, opposite = relation
    things = _things_of(options, relation)
    sign = parse_relation(_after_both(text, things), relation, unnamed=not things)
    if sign is None:
        return None
    wanted = {1: (word, "yes", *things[:1]), -1: (opposite, "no", *things[1:]), 0: (SAME,)}[sign]
    places = [place for place, option in enumerate(options) if option in wanted or option.lower() in wanted]
    return places[0] if len(places) == 1 else None


_NAMES_BOTH = re.compile(
    rf"\W*(?:between|of|comparing|considering|looking\s+at)\b[^.,]*?{MARK.pattern}[^.,]*?{MARK.pattern}\W*?,"
    rf"(?=.*{MARK.pattern})",
    re.IGNORECASE | re.DOTALL,
)


def _after_both(text: str, things: Sequence[str]) -> str:
    """Take away "between the sofa and the lamp," where what follows says which of them."""
    marked = mark_names(text, *things) if things else text
    found = _NAMES_BOTH.match(marked)
    return MARK.sub(lambda hit: things[marked_places(hit[0])[0]], marked[found.end() :]) if found else text


def _by_words(text: str, options: tuple[str, ...]) -> tuple[int, str] | None:
    """Match the only option whose words are in the text; what is denied, or in a longer option, does not count."""
    text = _AGREES.sub("", _ON_THE_SIDE.sub(r"to \1 \2", text))
    taken: list[tuple[int, int]] = []
    hits: list[tuple[int, int]] = []
    for place in sorted(range(len(options)), key=lambda one: -len(options[one])):
        for form in _wordings(options[place]):
            for found in name_pattern(form).finditer(text):
                inside = any(start <= found.start() and found.end() <= end for start, end in taken)
                if not inside:
                    taken.append(found.span())
                    if not NOT.search(text[: found.start()]):
                        hits.append((found.start(), place))
    places = {place for _, place in hits}
    if len(places) == 1:
        return hits[0][1], "the option's words"
    if not places and all(_number_of(option) is not None for option in options):
        values = {one.value for one in find_numbers(text) if not one.article}
        matching = [place for place, option in enumerate(options) if _number_of(option) in values]
        if len(matching) == 1:
            return matching[0], "number"
    return None


_ALSO = {
    "in front of": ("in front", "front"),
    "below": ("under", "underneath", "beneath"),
    "above": ("over", "on top of"),
    "behind": ("at the back", "at your back", "in the back", "in back"),
    "in front": ("front", "ahead of you", "ahead of me"),
}
_ON_THE_SIDE = re.compile(r"\bon\s+(the|your|my|its|his|her|their)\s+(left|right)\b", re.IGNORECASE)
_AGREES = re.compile(r"^\W*(?:that's\s+right|right,|all\s+right)\W*", re.IGNORECASE)


def _wordings(option: str) -> list[str]:
    """List the wordings of one option: "on/above" is "on/above", "on" or "above"; "left of" is "left of" or "left"."""
    forms = [option, *option.split("/")] if "/" in option else [option]
    forms += [also for form in list(forms) for also in _ALSO.get(form.lower(), ())]
    return [form for whole in forms for form in dict.fromkeys((whole, re.sub(r"\s+of$", "", whole))) if form.strip()]


def _number_of(option: str) -> float | None:
    """Convert an option that is a number, with a unit or without."""
    found = find_numbers(option)
    is_number = len(found) == 1 and not option[: found[0].start].strip() and len(option) - found[0].end < 12
    return found[0].value if is_number else None
