"""audit.html: what audit.json says (`result.result_of`) enters, one page without scripts or network leaves.

It wears the clothes of the dataset card: the same template, a few styles more.
"""

from collections.abc import Mapping, Sequence
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

from spatialvlm.audit.charts import coverage, percent, shares, whiskers
from spatialvlm.audit.corrupt import PRESETS
from spatialvlm.audit.run import UNTOLD
from spatialvlm.dataset import to_json, write_file
from spatialvlm.kinds import KINDS, Kind

Run = Mapping[str, Any]
Runs = Mapping[str, Run]

_REASONS = 6  # refusals that have a colour of their own
_LOW, _HIGH = 1e-4, 1.0


def write_page(result: Mapping[str, Any], path: Path) -> None:
    """Write the page; the file is whole or absent."""
    content = render(result).encode("utf-8", "xmlcharrefreplace")
    write_file(path, lambda file: file.write(content))


def render(result: Mapping[str, Any]) -> str:
    """The whole page."""
    runs = in_order(result["presets"])
    style = files("spatialvlm.audit").joinpath("page.css").read_text("utf-8")
    sections = [_summary(runs), _calibration(runs), _errors(runs), _relations(runs), _refusals(runs), _worst(runs)]
    template = files("spatialvlm.dataset").joinpath("report_template.html").read_text("utf-8")
    width, height = result["size"]
    return Template(template).substitute(
        title="Audit of the spatial facts",
        pictures="data:",
        source=f"{result['rooms']:,} rendered rooms, {width}x{height}, seed {result['seed']}",
        headline="How right are the answers, and how honest are their error bars?",
        lead="Rooms whose geometry is known exactly went through the pipeline: as they are, and made worse in "
        "controlled ways. Every fact that it would ask was compared with the truth.",
        tiles=_tiles(runs),
        sections=f"<style>{style}</style>\n" + "\n".join([*filter(None, sections), _made(result)]),
        footer="Visible truth: the boxes of what the exact masks show. Amodal truth: the boxes of the whole objects. "
        "Every unordered pair of objects and kind of question counts once. Made by SpatialVLM.",
    )


def in_order(runs: Runs) -> dict[str, Run]:
    """The runs as they are shown: by preset, told before untold. A file has them by name."""
    names = [key for name in PRESETS for key in (name, name + UNTOLD)]
    return {name: runs[name] for name in names if name in runs}


def _tiles(runs: Runs) -> str:
    tiles = []
    if "exact" in runs:
        run = runs["exact"]
        tiles += [
            (percent(run["qualitative_accuracy"], 2), "of comparisons right, exact input"),
            (percent(run["qualitative_accuracy_amodal"], 2), "right about the whole objects too"),
            (percent(run["median_relative_error"], 2), "median error of lengths, exact input"),
        ]
    if "monocular" in runs:
        run = runs["monocular"]
        tiles += [
            (percent(run["qualitative_accuracy"], 2), "of comparisons right, like from one photo"),
            (percent(run["coverage_1sigma"], 0), "of its lengths within 1 sigma; 68 % is honest"),
            (percent(run["pairs_refused_share"], 0), "of what pairs could be asked is refused there"),
        ]
    return "".join(f"<div class='tile'><b>{value}</b><span>{label}</span></div>" for value, label in tiles)


def _section(title: str, lead: str, body: str) -> str:
    return f"<section><h2>{title}</h2><p class='lead'>{lead}</p>{body}</section>"


def _summary(runs: Runs) -> str:
    heads = (
        "comparisons right",
        "of whole objects",
        "median error",
        "of whole objects",
        "within 1 sigma",
        "within 2 sigma",
        "asked",
        "pairs refused",
        "× the error of exact",
    )
    exact = runs.get("exact", {}).get("median_relative_error")
    rows = []
    for name, run in runs.items():
        median = run["median_relative_error"]
        cells = [
            percent(run["qualitative_accuracy"], 2),
            percent(run["qualitative_accuracy_amodal"], 2),
            percent(median, 2),
            percent(run["median_relative_error_amodal"], 2),
            _shaded(run["coverage_1sigma"], 0.6827),
            _shaded(run["coverage_2sigma"], 0.9545),
            f"{run['asked']:,}",
            percent(run["pairs_refused_share"]),
            f"{median / exact:,.3g}" if exact and median is not None else "–",
        ]
        said = "" if name.endswith(UNTOLD) else f"<small>{escape(run['says'])}</small>"
        css = " class='untold'" if name.endswith(UNTOLD) else ""
        body = "".join(cell if cell.startswith("<td") else f"<td>{cell}</td>" for cell in cells)
        rows.append(f"<tr{css}><th scope='row'>{escape(name)}{said}</th>{body}</tr>")
    head = "".join(f"<th scope='col'>{text}</th>" for text in heads)
    lead = (
        "Each way of making the input worse, and what it costs. A run is told of it through the settings of the error "
        "model; <em>untold</em>, it believes that the input is that of a good depth camera. Coverage should "
        "be 68 % and 95 %; it is shaded red where error bars are too short, blue where they are longer than need be."
    )
    table = (
        f"<table class='heat runs'><thead><tr><th>input</th>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )
    return _section("What each fault costs", lead, f"<div class='panel scroll'>{table}</div>")


def _shaded(value: float | None, nominal: float) -> str:
    """A cell for a coverage, shaded by how far it is from the nominal one."""
    if value is None:
        return "<td>–</td>"
    off = (value - nominal) / (nominal if value < nominal else 1 - nominal)
    tint = "var(--less)" if off < 0 else "var(--more)"
    return f"<td style='background:rgba({tint}, {min(0.6, 0.6 * abs(off)):.2f})'>{percent(value)}</td>"


def _calibration(runs: Runs) -> str:
    panels = []
    for name, run in runs.items():
        if not name.endswith(UNTOLD):
            curves = {"untold": runs[name + UNTOLD]["calibration"]} if name + UNTOLD in runs else {}
            chart = coverage({**curves, "told": run["calibration"]})
            panels.append(f"<div class='panel'><h3>{escape(name)}</h3>{chart}</div>")
    key = (
        "<div class='key'><span><i class='told'></i>told of the fault</span>"
        "<span><i class='untold'></i>untold: the default error model</span></div>"
    )
    lead = (
        "Across: the share of lengths that an error bar of that width should cover; up: the share that it covered. "
        "On the diagonal the bars are honest, below it they are too short, above it longer than they need be."
    )
    return _section("Are the error bars honest?", lead, f"{key}<div class='grid squares'>{''.join(panels)}</div>")


def _errors(runs: Runs) -> str:
    shown = [name for name in runs if not name.endswith(UNTOLD)]
    by_title = {_length_title(kind): kind.name for kind in KINDS.values() if kind.form == "length"}
    panels = []
    for title, kind in by_title.items():
        rows = [(name, runs[name]["kinds"][kind]["relative_error_quantiles"], "told") for name in shown]
        panels.append(f"<div class='panel'><h3>{title}</h3>{whiskers(rows, _LOW, _HIGH)}</div>")
    lead = (
        "How far lengths are off the visible truth, relative to it: half of them lie within the bar, nine in ten "
        "within the line, the mark is the median. Logarithmic, from 0.01 % to all of the length."
    )
    return _section("Errors by quantity", lead, f"<div class='grid'>{''.join(panels)}</div>")


def _length_title(kind: Kind) -> str:
    """The two directions of a difference say the same of a pair, so they share a title."""
    return " / ".join(sorted((kind.word, kind.opposite))) + " difference" if kind.sign else kind.name.replace("_", " ")


def _relations(runs: Runs) -> str:
    """Accuracy by what decides: all kinds that one quantity decides are right or wrong together."""
    groups: dict[str, list[Kind]] = {}
    for kind in KINDS.values():
        if kind.form != "length":
            groups.setdefault(kind.quantity, []).append(kind)
    head = ""
    for kinds in groups.values():
        words = " / ".join(dict.fromkeys(word for kind in kinds for word in (kind.word, kind.opposite)))
        head += f"<th scope='col'>{words}</th>"
    rows = []
    for name, run in runs.items():
        cells = []
        for kinds in groups.values():
            known = run["kinds"][kinds[0].name]
            value, amodal = known["qualitative_accuracy"], known["qualitative_accuracy_amodal"]
            wrong = 0.0 if value is None else 1.0 - value
            tint = f" style='background:rgba(var(--less), {min(0.6, 12 * wrong):.2f})'" if wrong else ""
            cells.append(f"<td{tint}>{percent(value, 2)}<small>{percent(amodal)} of {known['asked']:,}</small></td>")
        css = " class='untold'" if name.endswith(UNTOLD) else ""
        rows.append(f"<tr{css}><th scope='row'>{escape(name)}</th>{''.join(cells)}</tr>")
    table = (
        f"<table class='heat runs'><thead><tr><th>input</th>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )
    lead = (
        "All kinds of question that one quantity decides (predicates, choices, relations) are right together, so they "
        "share a column; audit.json lists each kind. Small: against the whole objects, of how many pairs."
    )
    return _section("Comparisons that are right", lead, f"<div class='panel scroll'>{table}</div>")


def _refusals(runs: Runs) -> str:
    totals: dict[str, int] = {}
    for run in runs.values():
        for reason, count in run["refused_by_reason"].items():
            totals[reason] = totals.get(reason, 0) + count
    reasons = sorted(totals, key=lambda reason: (-totals[reason], reason))
    named, others = reasons[:_REASONS], reasons[_REASONS:]
    order = ["asked", *named, "other reasons"]
    rows = []
    for name, run in runs.items():
        refused = run["refused_by_reason"]
        counts = {"asked": run["asked"], **{reason: refused.get(reason, 0) for reason in named}}
        rows.append((name, {**counts, "other reasons": sum(refused.get(reason, 0) for reason in others)}))
    key = "".join(
        f"<span><i class='hue{place}'></i>{escape(part.replace('_', ' '))}</span>" for place, part in enumerate(order)
    )
    lead = "What became of all that could be asked of the objects and their pairs; the first reason counts."
    body = f"<div class='panel'><div class='key'>{key}</div>{shares(rows, order)}</div>"
    return _section("What is refused, and why", lead, body)


def _worst(runs: Runs) -> str:
    blocks = []
    for name, run in runs.items():
        cases = [(sort, case) for sort in ("wrong", "far_off") for case in run["worst"][sort]]
        if cases:
            count = f"{len(run['worst']['wrong'])} wrong, {len(run['worst']['far_off'])} beyond 4 sigma"
            blocks.append(
                f"<details><summary>{escape(name)}: {count}</summary><div class='panel scroll'>{_cases(cases)}</div>"
                "</details>"
            )
    lead = (
        "Per input the comparisons that were wrong and the lengths that missed by more than 4 sigma; at most a dozen "
        "of each. The room's number leads to its picture: <code>spatialvlm build rooms:N</code> with the same seed and "
        "size."
    )
    return _section("The worst cases", lead, "".join(blocks)) if blocks else ""


def _cases(cases: Sequence[tuple[str, Mapping[str, Any]]]) -> str:
    rows = "".join(
        f"<tr><td>{'wrong' if sort == 'wrong' else 'far off'}</td><td>{case['room']}</td><td>{case['quantity']}</td>"
        f"<td>{escape(', '.join(case['subjects']))}</td><td class='n'>{case['said_m']:.3f} m</td>"
        f"<td class='n'>{case['truth_m']:.3f} m</td><td class='n'>{case['sigma_m']:.3f} m</td>"
        f"<td class='n'>{case['sigmas']:.1f}</td></tr>"
        for sort, case in cases
    )
    heads = ("", "room", "quantity", "objects", "said", "true", "1 sigma", "sigmas off")
    head = "".join(f"<th scope='col'>{text}</th>" for text in heads)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _made(result: Mapping[str, Any]) -> str:
    rows = [("source", result["source"])]
    rows += [(f"version: {key}", value) for key, value in sorted(result["versions"].items())]
    rows += [
        (f"told: {name}", to_json(run["error_model"])) for name, run in result["presets"].items() if run["error_model"]
    ]
    cells = "".join(f"<tr><th scope='row'>{escape(key)}</th><td>{escape(value)}</td></tr>" for key, value in rows)
    body = f"<div class='panel'><table class='made'>{cells}</table></div>"
    return _section("What made it", "The same rooms, seed and size give the same figures.", body)
