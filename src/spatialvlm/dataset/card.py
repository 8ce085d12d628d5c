"""report.html, the dataset card: one file without scripts or network, from a finished dataset folder.

It shows what the questions look like on real images, how they are distributed, and what was refused and why.
"""

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

import numpy as np

from spatialvlm.dataset.card_charts import balance, bars, length_range, lengths
from spatialvlm.dataset.card_frames import frame_card, show
from spatialvlm.dataset.files import to_json, write_file
from spatialvlm.dataset.read import Dataset, read_dataset
from spatialvlm.errors import DatasetError
from spatialvlm.kinds import KINDS, Kind

GALLERY = 24
_OPEN = 4  # frames of the gallery that are shown at once; the others unfold
_FORMS = {
    "predicate": "Is it so? (predicates)",
    "choice": "Which one? (choices)",
    "classify": "This or that? (relations)",
    "length": "How much? (lengths)",
}


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
    """The whole page."""
    sections = [_gallery(dataset), _kinds(info), _balance(info), _lengths(info), _refusals(info), _drops(info)]
    source = info.get("source")
    template = files("spatialvlm.dataset").joinpath("report_template.html").read_text("utf-8")
    return Template(template).substitute(
        title=f"{info['qa']:,} spatial questions",
        pictures="data:",
        source=show(source if isinstance(source, str) else to_json(source)),
        headline=f"{_count(info['qa'], 'spatial question')} about {_count(info['scenes'], 'image')}",
        lead="Every answer was computed from metric 3D geometry and carries its evidence: the objects it is about, the "
        "value in SI units and its error. What the error cannot decide was refused and counted.",
        tiles=_tiles(info),
        sections="\n".join([*filter(None, sections), _made(info)]),
        footer="± and 1σ are one standard deviation of the quantity that the answer was decided on. Numbers on the "
        "objects are their places in the stored scene. Made by SpatialVLM.",
    )


def _count(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _tiles(info: Mapping[str, Any]) -> str:
    refused = sum(sum(reasons.values()) for reasons in info["refusals"].values())
    dropped = sum(sum(codes.values()) for codes in info["drops"].values())
    lengths_asked = sum(sum(bins) for bins in info["lengths"].values())
    tiles = [
        (f"{info['frames']:,}", "frames read"),
        (f"{info['scenes']:,}", "became scenes in metric 3D"),
        (f"{info['qa']:,}", f"questions, {info['qa'] / max(info['scenes'], 1):.1f} per scene"),
        (f"{len(info['kinds'])}", f"question kinds of {len(KINDS)}"),
        (f"{lengths_asked / max(info['qa'], 1):.0%}", "ask for a number"),
        (f"{refused:,}", "facts refused, not asked"),
        (f"{dropped:,}", "rejected before that"),
    ]
    return "".join(f"<div class='tile'><b>{value}</b><span>{label}</span></div>" for value, label in tiles)


def _section(title: str, lead: str, body: str) -> str:
    return f"<section><h2>{title}</h2><p class='lead'>{lead}</p>{body}</section>"


def _gallery(dataset: Dataset) -> str:
    count = min(GALLERY, len(dataset))
    if not count:
        return ""
    places = np.linspace(0, len(dataset) - 1, count).round().astype(int).tolist()
    cards = [frame_card(*dataset.at(place)) for place in places]
    rest = cards[_OPEN:]
    more = (
        f"<details><summary>Show {_count(len(rest), 'more image')}</summary>{''.join(rest)}</details>" if rest else ""
    )
    lead = (
        f"{_count(count, 'image')}, spread evenly over the dataset. Under each answer is its evidence: the kind, the "
        "value with its error, the objects."
    )
    return _section("What it looks like", lead, "".join(cards[:_OPEN]) + more)


def _by_form(names: Mapping[str, Any]) -> dict[str, list[str]]:
    """The kinds that occur, in the order of the table, by form; kinds that this version does not know come last."""
    groups: dict[str, list[str]] = {form: [] for form in _FORMS}
    for name, kind in KINDS.items():
        if name in names:
            groups[kind.form].append(name)
    groups["other"] = sorted(set(names) - set(KINDS))
    return {form: members for form, members in groups.items() if members}


def _kinds(info: Mapping[str, Any]) -> str:
    counts = info["kinds"]
    largest = max(counts.values(), default=0)
    panels = []
    for form, names in _by_form(counts).items():
        css = "quantitative" if form == "length" else "qualitative"
        total = sum(counts[name] for name in names)
        title = f"{_FORMS.get(form, 'Other')} · {total:,} · {total / max(info['qa'], 1):.0%}"
        chart = bars([(_said(name), counts[name]) for name in names], largest, css)
        panels.append(f"<div class='panel'><h3>{title}</h3>{chart}</div>")
    lead = "How often each kind is asked, all on one scale."
    return _section("Kinds of questions", lead, f"<div class='grid'>{''.join(panels)}</div>")


def _said(name: str) -> str:
    """A kind's name as people write it, without its form."""
    if name in KINDS and KINDS[name].form == "classify":
        return f"{KINDS[name].word} / {KINDS[name].opposite}"
    for form in ("_predicate", "_choice"):
        name = name.removesuffix(form)
    return name.replace("_", " ")


def _balance(info: Mapping[str, Any]) -> str:
    parts = {
        "predicate": ("true", "false", "similar"),
        "choice": ("A, the first", "B, the second", "similar"),
        "classify": ("the first relation", "the second", "similar"),
    }
    panels = []
    for form, names in _by_form(info["labels"]).items():
        if form in parts:
            rows = [(_said(name), _parts(KINDS[name], info["labels"][name])) for name in names]
            key = "".join(
                f"<span><i style='background:var({ink})'></i>{part}</span>"
                for ink, part in zip(("--yes", "--no", "--same"), parts[form])
            )
            rows = [(label, dict(zip(parts[form], counts))) for label, counts in rows]
            chart = balance(rows, parts[form])
            panels.append(f"<div class='panel'><h3>{_FORMS[form]}</h3><div class='key'>{key}</div>{chart}</div>")
    lead = "Which answers are right, as shares. A model that always says the same should not do well."
    return _section("Balance of the answers", lead, f"<div class='grid'>{''.join(panels)}</div>") if panels else ""


def _parts(kind: Kind, labels: Mapping[str, int]) -> tuple[int, int, int]:
    first, second = {"predicate": ("true", "false"), "choice": ("A", "B")}.get(kind.form, (kind.word, kind.opposite))
    return labels.get(first, 0), labels.get(second, 0), labels.get("similar", 0)


def _lengths(info: Mapping[str, Any]) -> str:
    if not info["lengths"]:
        return ""
    total = np.sum(list(info["lengths"].values()), axis=0).tolist()
    first, last = length_range(total)
    order = sorted(info["lengths"], key=lambda name: (list(KINDS).index(name) if name in KINDS else len(KINDS), name))
    small = "".join(
        f"<div><p>{show(_said(name))} <em>{sum(info['lengths'][name]):,}</em></p>"
        f"{lengths(info['lengths'][name], first, last, small=True)}</div>"
        for name in order
    )
    body = f"<div class='panel'>{lengths(total, first, last)}<div class='small'>{small}</div></div>"
    return _section("Lengths that are asked for", "The values behind the numbers, on a logarithmic scale.", body)


def _refusals(info: Mapping[str, Any]) -> str:
    refusals = info["refusals"]
    if not refusals:
        return ""
    totals: dict[str, int] = {}
    for reasons in refusals.values():
        for reason, count in reasons.items():
            totals[reason] = totals.get(reason, 0) + count
    order = sorted(totals, key=lambda reason: (-totals[reason], reason))
    names = [name for group in _by_form(refusals).values() for name in group]
    largest = max(max(reasons.values()) for reasons in refusals.values())
    head = "".join(f"<th scope='col'>{show(reason.replace('_', ' '))}</th>" for reason in order)
    rows = "".join(
        f"<tr><th scope='row'>{show(name.replace('_', ' '))}</th>"
        + "".join(_heat(refusals[name].get(reason, 0), largest) for reason in order)
        + f"<td class='sum'>{sum(refusals[name].values()):,}</td></tr>"
        for name in names
    )
    foot = "".join(f"<td class='sum'>{totals[reason]:,}</td>" for reason in order)
    table = (
        f"<div class='panel scroll'><table class='heat'><thead><tr><th>kind</th>{head}<th>all</th></tr></thead><tbody>"
        f"{rows}<tr><th scope='row'>all</th>{foot}<td class='sum'>{sum(totals.values()):,}</td></tr>"
        "</tbody></table></div>"
    )
    lead = "Facts that were not asked, because the geometry cannot decide them; by kind and reason."
    return _section("What was refused", lead, table)


def _heat(count: int, largest: int) -> str:
    if not count:
        return "<td></td>"
    return f"<td style='background:rgba(var(--heat), {0.06 + 0.5 * count / largest:.2f})'>{count:,}</td>"


def _drops(info: Mapping[str, Any]) -> str:
    drops = info["drops"]
    rows = [(f"{stage}: {code.replace('_', ' ')}", count) for stage in drops for code, count in drops[stage].items()]
    rows.sort(key=lambda row: (-row[1], row[0]))
    if not rows:
        return ""
    chart = bars(rows, rows[0][1], "dropped", labels=230)
    lead = "What could not be used at all, by stage and reason. Every one is named in drops.parquet."
    return _section("What was dropped", lead, f"<div class='panel'>{chart}</div>")


def _made(info: Mapping[str, Any]) -> str:
    rows = [("source", info.get("source")), ("fingerprint", info.get("fingerprint")), ("seed", info.get("seed"))]
    rows += [(f"config: {key}", value) for key, value in _flat(info.get("config", {}))]
    rows += [(f"version: {key}", value) for key, value in _flat(info.get("versions", {}))]
    cells = "".join(
        f"<tr><th scope='row'>{show(key)}</th><td>{show(value if isinstance(value, str) else to_json(value))}</td></tr>"
        for key, value in rows
    )
    lead = "The settings that make this dataset again, byte for byte."
    return _section("What made it", lead, f"<div class='panel'><table class='made'>{cells}</table></div>")


def _flat(value: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    rows: list[tuple[str, Any]] = []
    for key in sorted(value):
        inner = value[key]
        rows += _flat(inner, f"{prefix}{key}.") if isinstance(inner, dict) and inner else [(prefix + key, inner)]
    return rows
