"""The few scored items that people should see: many enter, some leave, always the same ones, as markup.

They are chosen by a rule and never by chance: the worst, what could not be read, and where the two parsers disagree.
Where many are alike, kinds or reasons take turns, so that one of them does not fill the list. Pictures are links into
the run's folder, relative to it; one that lies elsewhere, or was never kept, is not shown.
"""

import math
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import ascii_uppercase
from urllib.parse import quote

from spatialvlm import page
from spatialvlm.answers import Area, BoundingBox, Choice, Count, Length, Region
from spatialvlm.evaluate.items import Item, plain_text
from spatialvlm.evaluate.metrics.numbers import SLACK
from spatialvlm.evaluate.report.figures import normal
from spatialvlm.evaluate.report.rows import in_order, value_of
from spatialvlm.evaluate.scoring import Scored
from spatialvlm.records import Score

WORST = 12
UNREAD = 20
DISAGREEMENTS = 12
PICTURES = 4  # of one item that are shown
LONGEST = 390  # characters of an answer that are shown

NUMBERS = Length | Count | Area
"""Forms whose answers are off by a ratio."""

Items = Mapping[str, Sequence[Scored]]


@dataclass(frozen=True, slots=True, eq=False)
class Picked:
    """Some of `count` items."""

    shown: tuple[Scored, ...]
    count: int


def worst(scored: Sequence[Scored]) -> Picked:
    """Find wrong answers that were read: the numbers that are farthest off, by |ln|, and wrong choices in turns.

    Numbers get half of the places, and more where there are few choices. Wrong choices come with the highest stated
    confidence first.
    """
    wrong = [one for one in in_order(scored) if one.parsed.value is not None and value_of(one.robust) < 1.0]
    numbers = sorted((one for one in wrong if _is_number(one)), key=lambda one: -off(one))
    numbers = [one for one in numbers if off(one) > 0]
    choices = sorted((one for one in wrong if not _is_number(one)), key=lambda one: -(one.parsed.confidence or 0.0))
    choices = in_turns(choices, lambda one: one.item.kind)
    few = min(len(choices), WORST // 2)
    shown = [*numbers[: WORST - few], *choices]
    return Picked(tuple(shown[:WORST]), len(numbers) + len(choices))


def unread(scored: Sequence[Scored]) -> Picked:
    """Find answers from which nothing was read, those that declined or were never had included; reasons take turns."""
    found = [one for one in in_order(scored) if one.parsed.value is None]
    return Picked(tuple(in_turns(found, reason)[:UNREAD]), len(found))


def disagreements(scored: Sequence[Scored]) -> Picked:
    """Find where the official score is another than ours; whom of the two it favours takes turns."""
    found = [
        one
        for one in in_order(scored)
        if one.official is not None and abs(value_of(one.official) - value_of(one.robust)) > SLACK
    ]
    shown = in_turns(found, lambda one: (value_of(one.official) > value_of(one.robust), reason(one)))
    return Picked(tuple(shown[:DISAGREEMENTS]), len(found))


def reason(one: Scored) -> str:
    """Say how an answer was read, or why not, without what varies."""
    return normal(one.parsed.how)


def off(one: Scored) -> float:
    """Compute |ln(answer / truth)| of a length or number: infinite where there is no ratio."""
    said = one.parsed.value
    match one.item.truth:
        case Length(true) | Count(true) | Area(true):
            if not isinstance(said, float | int):
                return math.inf
            if said == true:
                return 0.0
            return abs(math.log(said) - math.log(true)) if said > 0 and true > 0 else math.inf
    return 0.0


def in_turns(found: Iterable[Scored], group: Callable[[Scored], Hashable]) -> list[Scored]:
    """Order the items, the first of every group before the second of any; groups keep the order of their first."""
    turns: dict[Hashable, int] = {}
    ranked = []
    for one in found:
        turn = turns[group(one)] = turns.get(group(one), -1) + 1
        ranked.append((turn, one))
    return [one for _, one in sorted(ranked, key=lambda pair: pair[0])]


def _is_number(one: Scored) -> bool:
    return isinstance(one.item.truth, NUMBERS)


def worst_cases(scored: Items, folder: Path) -> page.Markup:
    """Show the worst answers of every task, with their pictures."""

    def body(picked: Picked) -> page.Markup:
        return page.element("div", *(_case(one, folder) for one in picked.shown), css="cases")

    lead = (
        "Answers that were read and are wrong, at most a dozen of each task: the numbers that are farthest off by "
        "ratio, and wrong options, kinds in turn."
    )
    return page.section("The worst answers", lead, *_blocks(scored, worst, body, "short of the full score"))


def unread_cases(scored: Items) -> page.Markup:
    """Show answers from which nothing was read, with the reason."""

    def body(picked: Picked) -> page.Markup:
        return _texts(picked, ("why not",), lambda one: [f"{one.parsed.how}{', cut off' if one.truncated else ''}"])

    lead = "They count as wrong. Reasons take turns, so that each is seen."
    return page.section("Answers that could not be read", lead, *_blocks(scored, unread, body, "not read"))


def disagreement_cases(scored: Items) -> page.Markup:
    """Show answers that the two parsers score differently."""

    def body(picked: Picked) -> page.Markup:
        heads = ("our parser", "official rule")
        return _texts(picked, heads, lambda one: [_verdict(one.robust), _verdict(one.official)])

    lead = "The same answer, scored otherwise by the rule of the benchmark's authors; now one is kinder, now the other."
    return page.section(
        "Where the two parsers disagree", lead, *_blocks(scored, disagreements, body, "scored otherwise")
    )


def truth_says(item: Item) -> str:
    """Put what is right in words, not escaped."""
    truth = item.truth
    if isinstance(truth, Region):
        return "inside the outline"
    letter = f"({ascii_uppercase[truth.right]}) " if isinstance(truth, Choice) and item.reading.lettered else ""
    return f"{letter}{plain_text(truth)}"


def _blocks(
    scored: Items, pick: Callable[[Sequence[Scored]], Picked], body: Callable[[Picked], page.Markup], says: str
) -> list[page.Markup]:
    """Make one unfolding block per task that has such items, the first of them open."""
    blocks = []
    for name, found in scored.items():
        picked = pick(found)
        if picked.count:
            shown = "" if len(picked.shown) == picked.count else f"; {len(picked.shown)} shown"
            title = f"{name}: {picked.count:,} of {len(found):,} {says}{shown}"
            blocks.append(page.fold(title, body(picked), is_open=not blocks))
    return blocks


def _texts(picked: Picked, heads: Sequence[str], more: Callable[[Scored], Sequence[str]]) -> page.Markup:
    rows = [(one.item.id, [page.shortened(one.item.question), _said(one), *more(one)]) for one in picked.shown]
    return page.table(("item", "question", "answer", *heads), rows, "texts")


def _case(one: Scored, folder: Path) -> page.Markup:
    truth = one.item.truth
    ratio = off(one) if isinstance(truth, NUMBERS) else None
    rows = [("answer", _said(one)), ("read", one.robust.explanation), ("truth", page.shortened(truth_says(one.item)))]
    if isinstance(truth, Choice):
        rows.append(("options", page.shortened(" / ".join(truth.options))))
    if ratio is not None:
        rows.append(("off", "no ratio" if math.isinf(ratio) else f"× {math.exp(ratio):.3g} (|ln| {ratio:.2f})"))
    if one.parsed.confidence is not None:
        rows.append(("confidence", page.percent(one.parsed.confidence, 0)))
    facts = page.element("dl", *(page.join(page.element("dt", name), page.element("dd", text)) for name, text in rows))
    head = page.element("small", f"{one.item.kind} · {one.item.id}")
    text = page.element("div", head, page.element("p", page.shortened(one.item.question)), facts)
    return page.element("article", _pictures(one, folder), text, css="case")


def _pictures(one: Scored, folder: Path) -> page.Markup:
    links = [
        quote(picture.relative_to(folder).as_posix())
        for picture in one.item.pictures
        if isinstance(picture, Path) and picture.is_relative_to(folder)
    ]
    outline = _outline(one) if len(links) == 1 else page.Markup()
    shown = [
        page.element(
            "span", page.element("img", loading="lazy", alt=f"picture of {one.item.id}", src=link), outline, css="shot"
        )
        for link in links[:PICTURES]
    ]
    if not links:
        shown.append(page.element("span", "picture not kept", css="none"))
    if len(links) > PICTURES:
        shown.append(page.element("small", f"and {len(links) - PICTURES} more"))
    return page.element("figure", *shown, css=f"n{min(len(links), PICTURES)}")


def _outline(one: Scored) -> page.Markup:
    """Draw the region or box, and the points that were said, the first of them in red, over the picture."""
    truth, said = one.item.truth, one.parsed.value
    if isinstance(truth, BoundingBox):
        left, top, right, bottom = truth.corners
        truth = Region(((left, top), (right, top), (right, bottom), (left, bottom)))
    if not isinstance(truth, Region):
        return page.Markup()
    points = [one for one in said if isinstance(one, tuple)] if isinstance(said, tuple) else []
    dots = [
        page.element("path", css="more" if place else "first", d=f"M{x:.4g},{y:.4g} h0")
        for place, (x, y) in enumerate(points)
        if 0 <= x <= 1 and 0 <= y <= 1
    ]
    corners = page.element("polygon", points=" ".join(f"{x:.4g},{y:.4g}" for x, y in truth.polygon))
    return page.element("svg", corners, *dots, viewBox="0 0 1 1", preserveAspectRatio="none")


def _said(one: Scored) -> page.Markup:
    if one.answer is None:
        return page.element("em", "none could be had")
    text = one.answer.strip()
    if len(text) > LONGEST:  # what was concluded stands at the end
        text = f"{text[: LONGEST // 3]} … {text[-2 * LONGEST // 3 :]}"
    return page.join(text) if text else page.element("em", "empty")


def _verdict(score: Score | None) -> page.Markup:
    says = score.explanation if score else ""
    return page.join(page.element("b", page.percent(value_of(score), 0)), f" {page.shortened(says)}")
