"""report.html, the dataset card: one file without scripts or network, from a finished dataset folder.

It shows what the questions look like on real images, how they are distributed, and what was refused and why.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from spatialvlm import page
from spatialvlm.dataset.card_frames import frame_card
from spatialvlm.dataset.counts import BINS_PER_DECADE, LENGTH_EDGES_M
from spatialvlm.dataset.files import write_file
from spatialvlm.dataset.read import Dataset, read_dataset
from spatialvlm.dataset.unasked import silence_in_words, why_nothing_is_asked
from spatialvlm.errors import DatasetError
from spatialvlm.kinds import KINDS
from spatialvlm.records import QA, Scene, Source

GALLERY = 24
_OPEN = 4  # frames of the gallery that are shown at once; the others unfold
_COLOURS = ("part1", "part2", "part3", "part4")


def write_report(folder: Path) -> Path:
    """Write `report.html` into a finished dataset folder and return its path."""
    dataset = read_dataset(folder)
    if dataset.info is None:
        raise DatasetError(f"{folder}: not finished (no dataset.json); run the same build again to finish it")
    path = Path(folder) / "report.html"
    content = render(dataset, dataset.info).encode("utf-8", "xmlcharrefreplace")
    write_file(path, lambda file: file.write(content))
    return path


def render(dataset: Dataset, info: Mapping[str, Any]) -> str:
    """Render the whole page."""
    refused = sum(sum(reasons.values()) for reasons in info["refusals"].values())
    dropped = sum(sum(codes.values()) for codes in info["drops"].values())
    lengths_asked = sum(sum(bins) for bins in info["lengths"].values())
    return page.document(
        title=f"{info['qa']:,} spatial questions",
        over=page.shortened(info.get("source")),
        headline=f"{page.counted(info['qa'], 'spatial question')} about {page.counted(info['scenes'], 'image')}",
        lead="Every answer was computed from metric 3D geometry and carries its evidence: the objects it is about, the "
        "value in SI units and its error. What the error cannot decide was refused and counted.",
        tiles=[
            (f"{info['frames']:,}", "frames read"),
            (f"{info['scenes']:,}", "became scenes in metric 3D"),
            (f"{info['qa']:,}", f"questions, {info['qa'] / max(info['scenes'], 1):.1f} per scene"),
            (f"{len(info['kinds'])}", f"question kinds of {len(KINDS)}"),
            (f"{lengths_asked / max(info['qa'], 1):.0%}", "ask for a number"),
            (f"{refused:,}", "facts refused, not asked"),
            (f"{dropped:,}", "rejected before that"),
        ],
        sections=[
            _gallery(dataset),
            _kinds(info),
            _balance(info),
            _lengths(info),
            _refusals(info),
            _doubts(info),
            _drops(info),
            _made(info),
        ],
        footer="± and 1σ are one standard deviation of the quantity that the answer was decided on. Numbers on the "
        "objects are their places in the stored scene. Made by SpatialVLM.",
    )


def _gallery(dataset: Dataset) -> page.Markup:
    count = min(GALLERY, len(dataset))
    places = np.linspace(0, len(dataset) - 1, count).round().astype(int).tolist()
    cards = [_card(dataset, *dataset.at(place)) for place in places]
    rest = cards[_OPEN:]
    more = page.fold(f"Show {page.counted(len(rest), 'more image')}", *rest) if rest else page.Markup()
    lead = (
        f"{page.counted(count, 'image')}, spread evenly over the dataset. Under each answer is its evidence: the kind, "
        "the value with its error, the objects."
    )
    return page.section("What it looks like", lead, *cards[:_OPEN], more)


def _card(dataset: Dataset, scene: Scene, source: Source, questions: Sequence[QA]) -> page.Markup:
    return frame_card(scene, source, questions, "" if questions else why_nothing_is_asked(dataset, scene))


def _by_form(names: Mapping[str, Any]) -> dict[str, list[str]]:
    """Group the kinds that occur by the titles of their forms; kinds unknown to this version come last."""
    groups: dict[str, list[str]] = {}
    for name, kind in KINDS.items():
        if name in names:
            groups.setdefault(kind.form.title, []).append(name)
    unknown = sorted(set(names) - set(KINDS))
    return groups | ({"Other": unknown} if unknown else {})


def _said(name: str) -> str:
    """Return a kind's name as people write it, without its form."""
    if name.endswith("_classify"):
        return name.removesuffix("_classify").replace("_", " / ")
    return name.removesuffix("_predicate").removesuffix("_choice").replace("_", " ")


def _count_row(name: str, count: int, css: str) -> page.Row:
    return page.Row(name, [page.Bar(0.0, float(count), css)], value=f"{count:,}")


def _kinds(info: Mapping[str, Any]) -> page.Markup:
    counts = info["kinds"]
    axis = page.Axis(0.0, float(max(counts.values(), default=1)))
    rows: dict[str, list[page.Row]] = {}
    for title, names in _by_form(counts).items():
        total = sum(counts[name] for name in names)
        css = KINDS[names[0]].family if names[0] in KINDS else "qualitative"
        head = f"{title} · {total:,} · {total / max(info['qa'], 1):.0%}"
        rows[head] = [_count_row(_said(name), counts[name], css) for name in names]
    every = [row for found in rows.values() for row in found]
    sheets = {title: page.row_chart(found, axis, like=every) for title, found in rows.items()}
    return page.section("Kinds of questions", "How often each kind is asked, all on one scale.", page.panels(sheets))


def _balance(info: Mapping[str, Any]) -> page.Markup:
    sheets = {}
    for title, names in _by_form(info["labels"]).items():
        for shown, members in _by_labels(names).items():
            key = page.legend(**dict(zip(_COLOURS, shown)))
            rows = [_balance_row(name, info["labels"][name]) for name in members]
            sheets.setdefault(title, []).append(page.join(key, page.row_chart(rows, page.Axis(0.0, 1.0))))
    panels = {title: page.join(*charts) for title, charts in sheets.items()}
    lead = "Which answers are right, as shares. A model that always says the same should not do well."
    return page.section("Balance of the answers", lead, page.panels(panels))


def _by_labels(names: Sequence[str]) -> dict[tuple[str, ...], list[str]]:
    """Group kinds by what their answers are called; those without a balance are left out."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for name in names:
        shown = tuple(KINDS[name].form.labels(KINDS[name]).values()) if name in KINDS else ()
        if shown:
            groups.setdefault(shown, []).append(name)
    return groups


def _balance_row(name: str, labels: Mapping[str, int]) -> page.Row:
    shares = {shown: labels.get(label, 0) for label, shown in KINDS[name].form.labels(KINDS[name]).items()}
    return page.share_row(_said(name), shares, _COLOURS)


def _lengths(info: Mapping[str, Any]) -> page.Markup:
    if not info["lengths"]:
        return page.Markup()
    total = np.sum(list(info["lengths"].values()), axis=0).tolist()
    first, last = length_range(total)
    edges = LENGTH_EDGES_M[first : last + 2]
    across = page.logarithmic(edges[0], edges[-1], page.metres)

    def columns(counts: Sequence[int]) -> list[page.Histogram]:
        return [page.Histogram(edges, counts[first : last + 1], "quantitative", page.metres)]

    order = sorted(info["lengths"], key=lambda name: (list(KINDS).index(name) if name in KINDS else len(KINDS), name))
    small = []
    for name in order:
        counts = info["lengths"][name]
        title = page.element("p", f"{_said(name)} ", page.element("em", f"{sum(counts):,}"))
        chart = page.plot(across, page.Axis(0.0, float(max(counts))), columns(counts), width=200, height=82)
        small.append(page.element("div", title, chart))
    up = page.linear(0.0, float(max(total)), lambda count: f"{count:,.0f}", steps=5, finest=1.0)
    chart = page.plot(across, up, columns(total), width=page.WIDE, height=250)
    lead = "The values behind the numbers, on a logarithmic scale."
    return page.section("Lengths that are asked for", lead, page.panel(chart, page.element("div", *small, css="small")))


def length_range(counts: Sequence[int]) -> tuple[int, int]:
    """Find the first and the last bin worth showing: whole decades around everything counted."""
    used = [index for index, count in enumerate(counts) if count] or [2 * BINS_PER_DECADE, 4 * BINS_PER_DECADE - 1]
    first = used[0] // BINS_PER_DECADE * BINS_PER_DECADE
    return first, (used[-1] // BINS_PER_DECADE + 1) * BINS_PER_DECADE - 1


def _refusals(info: Mapping[str, Any]) -> page.Markup:
    refusals = info["refusals"]
    if not refusals:
        return page.Markup()
    totals: dict[str, int] = {}
    for reasons in refusals.values():
        for reason, count in reasons.items():
            totals[reason] = totals.get(reason, 0) + count
    order = sorted(totals, key=lambda reason: (-totals[reason], reason))
    largest = max(max(reasons.values()) for reasons in refusals.values())
    rows = []
    for name in [name for group in _by_form(refusals).values() for name in group]:
        counts = [refusals[name].get(reason, 0) for reason in order]
        cells = [page.Cell(f"{count:,}", "heat", 0.06 + 0.5 * count / largest) if count else "" for count in counts]
        rows.append((name.replace("_", " "), [*cells, f"{sum(counts):,}"]))
    rows.append(("all", [f"{totals[reason]:,}" for reason in order] + [f"{sum(totals.values()):,}"]))
    heads = ("kind", *(page.shortened(reason.replace("_", " ")) for reason in order), "all")
    lead = "Facts that were not asked, because the geometry cannot decide them; by kind and reason."
    silent = silence_in_words(info)
    lead += f" {silent[0].upper()}{silent[1:]}." if silent else ""
    return page.section("What was refused", lead, page.table(heads, rows))


def _drops(info: Mapping[str, Any]) -> page.Markup:
    drops = info["drops"]
    counts = [(f"{stage}: {code.replace('_', ' ')}", count) for stage in drops for code, count in drops[stage].items()]
    counts.sort(key=lambda row: (-row[1], row[0]))
    lead = "What could not be used at all, by stage and reason. Every one is named in drops.parquet."
    if not counts:
        return page.Markup()
    rows = [_count_row(page.shortened(name), count, "dropped") for name, count in counts]
    chart = page.row_chart(rows, page.Axis(0.0, float(counts[0][1])), width=page.WIDE)
    return page.section("What was dropped", lead, page.panel(chart))


def _doubts(info: Mapping[str, Any]) -> page.Markup:
    doubts = info.get("doubts") or {}
    if not doubts:
        return page.Markup()
    rows = [(code.replace("_", " "), [f"{one['count']:,}", one["first"]]) for code, one in doubts.items()]
    lead = "What was taken as it is given and may yet be wrong: how often, and the first time."
    return page.section("What is doubtful", lead, page.table(("what", "times", "first"), rows, "texts"))


def _made(info: Mapping[str, Any]) -> page.Markup:
    rows = [(name, info.get(name)) for name in ("source", "fingerprint", "seed")]
    rows += [(f"config: {key}", value) for key, value in _flat(info.get("config", {}))]
    rows += [(f"version: {key}", value) for key, value in _flat(info.get("versions", {}))]
    lead = "The settings that make this dataset again, byte for byte."
    return page.section("What made it", lead, page.settings(rows))


def _flat(value: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    rows: list[tuple[str, Any]] = []
    for key in sorted(value):
        inner = value[key]
        rows += _flat(inner, f"{prefix}{key}.") if isinstance(inner, dict) and inner else [(prefix + key, inner)]
    return rows
