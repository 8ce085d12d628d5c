"""Examples on a run's page: some scored items enter, markup with their pictures leaves. Every text is escaped.

Pictures are links into the run's folder, relative to it. One that lies elsewhere, or was never kept, is not shown.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from html import escape
from pathlib import Path
from urllib.parse import quote

from spatialvlm.audit.charts import percent
from spatialvlm.dataset.card_frames import show
from spatialvlm.evaluate.items import Choice, Clock, Length, Number, Region, Truth, YesNo
from spatialvlm.evaluate.report.examples import Picked, disagreements, off, unread, worst
from spatialvlm.evaluate.report.rows import value_of
from spatialvlm.evaluate.report.sections import section
from spatialvlm.evaluate.scoring import Scored

PICTURES = 4  # of one item that are shown
LONGEST = 390  # characters of an answer that are shown

Items = Mapping[str, Sequence[Scored]]


def worst_cases(scored: Items, folder: Path) -> str:
    """The worst answers of every task, with their pictures."""

    def body(picked: Picked) -> str:
        return f"<div class='cases'>{''.join(_case(one, folder) for one in picked.shown)}</div>"

    lead = (
        "Answers that were read and are wrong, at most a dozen of each task: the numbers that are farthest off by "
        "ratio, and wrong options, kinds in turn."
    )
    return section("The worst answers", lead, _blocks(scored, worst, body, "short of the full score"))


def unread_cases(scored: Items) -> str:
    """Answers from which nothing was read, with the reason."""

    def body(picked: Picked) -> str:
        rows = "".join(
            f"<tr><td>{escape(one.item.id)}</td><td>{show(one.item.question)}</td><td>{_said(one)}</td>"
            f"<td>{escape(one.parsed.how)}{', cut off' if one.truncated else ''}</td></tr>"
            for one in picked.shown
        )
        return _table(("item", "question", "answer", "why not"), rows)

    lead = "They count as wrong. Reasons take turns, so that each is seen."
    return section("Answers that could not be read", lead, _blocks(scored, unread, body, "not read"))


def disagreement_cases(scored: Items) -> str:
    """Answers that the two parsers score differently."""

    def body(picked: Picked) -> str:
        rows = "".join(
            f"<tr><td>{escape(one.item.id)}</td><td>{show(one.item.question)}</td><td>{_said(one)}</td>"
            f"<td>{_verdict(one.robust.explanation, value_of(one.robust))}</td>"
            f"<td>{_verdict(one.official.explanation if one.official else '', value_of(one.official))}</td></tr>"
            for one in picked.shown
        )
        return _table(("item", "question", "answer", "our parser", "official rule"), rows)

    lead = "The same answer, scored otherwise by the rule of the benchmark's authors; now one is kinder, now the other."
    return section("Where the two parsers disagree", lead, _blocks(scored, disagreements, body, "scored otherwise"))


def truth_says(truth: Truth) -> str:
    """A truth in words, not escaped."""
    match truth:
        case Length(metres=metres):
            return f"{metres:.4g} m"
        case Number(value=value):
            return f"{value:.6g}"
        case Choice(options=options, right=right, lettered=lettered):
            return f"({'ABCDEFGHIJKLMNOPQRSTUVWXYZ'[right]}) {options[right]}" if lettered else options[right]
        case YesNo(right=right):
            return "yes" if right else "no"
        case Clock(hour=hour):
            return f"{hour} o'clock"
        case Region():
            return "inside the outline"


def _blocks(scored: Items, pick: Callable[[Sequence[Scored]], Picked], body: Callable[[Picked], str], says: str) -> str:
    """One unfolding block per task that has such items, the first of them open."""
    blocks = []
    for name, found in scored.items():
        picked = pick(found)
        if picked.count:
            shown = "" if len(picked.shown) == picked.count else f"; {len(picked.shown)} shown"
            title = f"{escape(name)}: {picked.count:,} of {len(found):,} {says}{shown}"
            start = "" if blocks else " open"
            blocks.append(f"<details{start}><summary>{title}</summary>{body(picked)}</details>")
    return "".join(blocks)


def _case(one: Scored, folder: Path) -> str:
    truth = one.item.truth
    ratio = off(one) if isinstance(truth, Length | Number) else None
    how = escape(one.robust.explanation)
    rows = [("answer", _said(one)), ("read", how), ("truth", show(truth_says(truth)))]
    if isinstance(truth, Choice):
        rows.append(("options", show(" / ".join(truth.options))))
    if ratio is not None:
        rows.append(("off", _times(ratio)))
    if one.parsed.confidence is not None:
        rows.append(("confidence", percent(one.parsed.confidence, 0)))
    cells = "".join(f"<dt>{name}</dt><dd>{text}</dd>" for name, text in rows)
    return (
        f"<article class='case'>{_pictures(one, folder)}<div><small>{escape(one.item.kind)} · {escape(one.item.id)}"
        f"</small><p>{show(one.item.question)}</p><dl>{cells}</dl></div></article>"
    )


def _times(ratio: float) -> str:
    return "no ratio" if math.isinf(ratio) else f"× {math.exp(ratio):.3g} (|ln| {ratio:.2f})"


def _pictures(one: Scored, folder: Path) -> str:
    links = [link for picture in one.item.pictures if (link := _link(picture, folder)) is not None]
    outline = _outline(one) if len(links) == 1 else ""
    images = "".join(
        f"<span class='shot'><img loading='lazy' alt='picture of {escape(one.item.id)}' src='{link}'>{outline}</span>"
        for link in links[:PICTURES]
    )
    more = f"<small>and {len(links) - PICTURES} more</small>" if len(links) > PICTURES else ""
    missing = "" if links else "<span class='none'>picture not kept</span>"
    return f"<figure class='n{min(len(links), PICTURES)}'>{images}{missing}{more}</figure>"


def _link(picture: object, folder: Path) -> str | None:
    if isinstance(picture, Path) and picture.is_relative_to(folder):
        return escape(quote(picture.relative_to(folder).as_posix()), quote=True)
    return None


def _outline(one: Scored) -> str:
    """The region and the points that were said, the first of them in red, drawn over the picture."""
    truth, said = one.item.truth, one.parsed.value
    if not isinstance(truth, Region):
        return ""
    corners = " ".join(f"{x:.4g},{y:.4g}" for x, y in truth.polygon)
    points = said if isinstance(said, tuple) else ()
    dots = "".join(
        f"<path class='{'more' if place else 'first'}' d='M{x:.4g},{y:.4g} h0'/>"
        for place, (x, y) in enumerate(points)
        if 0 <= x <= 1 and 0 <= y <= 1
    )
    return f"<svg viewBox='0 0 1 1' preserveAspectRatio='none'><polygon points='{corners}'/>{dots}</svg>"


def _said(one: Scored) -> str:
    if one.answer is None:
        return "<em>none could be had</em>"
    text = one.answer.strip()
    if len(text) > LONGEST:  # what was concluded stands at the end
        text = f"{text[: LONGEST // 3]} … {text[-2 * LONGEST // 3 :]}"
    return escape(text) if text else "<em>empty</em>"


def _verdict(says: str, value: float) -> str:
    return f"<b>{percent(value, 0)}</b> {show(says)}"


def _table(heads: Sequence[str], rows: str) -> str:
    head = "".join(f"<th scope='col'>{text}</th>" for text in heads)
    content = f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody>"
    return f"<div class='panel scroll'><table class='texts'>{content}</table></div>"
