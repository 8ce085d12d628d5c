"""audit.html: what audit.json says (`result.result_of`) enters, one page without scripts or network leaves."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from spatialvlm import page
from spatialvlm.audit.corrupt import PRESETS
from spatialvlm.audit.run import UNTOLD
from spatialvlm.dataset import write_file
from spatialvlm.kinds import KINDS, MIXES, Kind

Run = Mapping[str, Any]
Runs = Mapping[str, Run]

_REASONS = 6  # refusals that have a colour of their own
_ERRORS = page.logarithmic(1e-4, 1.0, lambda share: f"{100 * share:g} %")


def write_page(result: Mapping[str, Any], path: Path) -> None:
    """Write the page; the file is whole or absent."""
    content = render(result).encode("utf-8", "xmlcharrefreplace")
    write_file(path, lambda file: file.write(content))


def render(result: Mapping[str, Any]) -> str:
    """Render the whole page."""
    runs = in_order(result["presets"])
    width, height = result["size"]
    return page.document(
        title="Audit of the spatial facts",
        over=f"{result['rooms']:,} rendered rooms, {width}x{height}, seed {result['seed']}",
        headline="How right are the answers, and how honest are their error bars?",
        lead="Rooms whose geometry is known exactly went through the pipeline: as they are, and made worse in "
        "controlled ways. Every fact that it would ask was compared with the truth.",
        tiles=_tiles(runs),
        sections=[
            _summary(runs),
            _calibration(runs),
            _errors(runs),
            _relations(runs),
            _refusals(runs),
            _worst(runs),
            _made(result),
        ],
        footer="Visible truth: the boxes of what the exact masks show. Amodal truth: the boxes of the whole objects. "
        "Every unordered pair of objects and kind of question counts once. Made by SpatialVLM.",
    )


def in_order(runs: Runs) -> dict[str, Run]:
    """Order the runs as they are shown: by preset, told before untold. A file has them by name."""
    names = [key for name in PRESETS for key in (name, name + UNTOLD)]
    return {name: runs[name] for name in names if name in runs}


def _untold(runs: Runs) -> list[str]:
    return [name for name in runs if name.endswith(UNTOLD)]


def _tiles(runs: Runs) -> list[tuple[str, str]]:
    tiles = []
    if "exact" in runs:
        run = runs["exact"]
        tiles += [
            (page.percent(run["qualitative_accuracy"], 2), "of comparisons right, exact input"),
            (page.percent(run["qualitative_accuracy_amodal"], 2), "right about the whole objects too"),
            (page.percent(run["median_relative_error"], 2), "median error of lengths, exact input"),
        ]
    if "monocular" in runs:
        run = runs["monocular"]
        tiles += [
            (page.percent(run["qualitative_accuracy"], 2), "of comparisons right, like from one photo"),
            (page.percent(run["coverage_1sigma"], 0), "of its lengths within 1 sigma; 68 % is honest"),
            (page.percent(run["pairs_refused_share"], 0), "of what pairs could be asked is refused there"),
        ]
    return tiles


def _summary(runs: Runs) -> page.Markup:
    heads = (
        "input",
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
    rows, untold = [], _untold(runs)
    for name, run in runs.items():
        median = run["median_relative_error"]
        cells = [
            page.percent(run["qualitative_accuracy"], 2),
            page.percent(run["qualitative_accuracy_amodal"], 2),
            page.percent(median, 2),
            page.percent(run["median_relative_error_amodal"], 2),
            _shaded(run["coverage_1sigma"], 0.6827),
            _shaded(run["coverage_2sigma"], 0.9545),
            f"{run['asked']:,}",
            page.percent(run["pairs_refused_share"]),
            f"{median / exact:,.3g}" if exact and median is not None else "–",
        ]
        rows.append((name if name in untold else page.join(name, page.small(run["says"])), cells))
    lead = page.Markup(
        "Each way of making the input worse, and what it costs. A run is told of it through the settings of the error "
        "model; <em>untold</em>, it believes that the input is that of a good depth camera. Coverage should "
        "be 68 % and 95 %; it is shaded red where error bars are too short, blue where they are longer than need be."
    )
    return page.section("What each fault costs", lead, page.table(heads, rows, dim=untold))


def _shaded(value: float | None, nominal: float) -> str | page.Cell:
    """Shade a coverage by how far it is from the nominal one."""
    if value is None:
        return "–"
    off = (value - nominal) / (nominal if value < nominal else 1 - nominal)
    return page.Cell(page.percent(value), "less" if off < 0 else "more", min(0.6, 0.6 * abs(off)))


def _calibration(runs: Runs) -> page.Markup:
    sheets = {}
    for name, run in runs.items():
        if name not in _untold(runs):
            untold = {"untold": runs[name + UNTOLD]["calibration"]} if name + UNTOLD in runs else {}
            sheets[name] = page.calibration_plot({**untold, "told": run["calibration"]})
    key = page.legend(told="told of the fault", untold="untold: the default error model")
    lead = (
        "Across: the share of lengths that an error bar of that width should cover; up: the share that it covered. "
        "On the diagonal the bars are honest, below it they are too short, above it longer than they need be."
    )
    return page.section("Are the error bars honest?", lead, key, page.panels(sheets, "squares"))


def _errors(runs: Runs) -> page.Markup:
    by_title = {_length_title(kind): kind.name for kind in KINDS.values() if kind.form.is_number}
    told = {name: run["kinds"] for name, run in runs.items() if name not in _untold(runs)}
    rows = {
        title: [_quantile_row(name, kinds[kind]["relative_error_quantiles"]) for name, kinds in told.items()]
        for title, kind in by_title.items()
    }
    every = [row for found in rows.values() for row in found]
    sheets = {title: page.row_chart(found, _ERRORS, like=every) for title, found in rows.items()}
    lead = (
        "How far lengths are off the visible truth, relative to it: half of them lie within the bar, nine in ten "
        "within the line, the mark is the median. Logarithmic, from 0.01 % to all of the length."
    )
    return page.section("Errors by quantity", lead, page.panels(sheets))


def _quantile_row(name: str, quantiles: list[float]) -> page.Row:
    """Draw the 5, 25, 50, 75 and 95 % quantiles of an error."""
    if not quantiles:
        return page.Row(name, more="nothing asked")
    least, first, median, third, most = quantiles
    says = f"{name}: 5, 25, 50, 75, 95 % are below {', '.join(f'{value:.2%}' for value in quantiles)}"
    bar, mark = page.Bar(first, third, "middle"), page.Mark(median, "median", page.STROKE)
    return page.Row(name, [bar], (least, most), [mark], page.percent(median, 2), says=says, css="quartiles")


def _length_title(kind: Kind) -> str:
    """Name the two directions of a difference together, for they say the same of a pair."""
    return " / ".join(sorted((kind.word, kind.opposite))) + " difference" if kind.sign else _name(kind)


def _relations(runs: Runs) -> page.Markup:
    """Show accuracy by what decides: all kinds that one quantity decides are right or wrong together."""
    lead = (
        "All kinds of question that one quantity decides (predicates, choices, relations) are right together, so they "
        "share a column; audit.json lists each kind. Small: against the whole objects, of how many."
    )
    tables = [_right_table(runs, names) for names in (MIXES["paper"], set(KINDS) - set(MIXES["paper"]))]
    return page.section("Comparisons that are right", lead, *tables)


def _right_table(runs: Runs, names: Collection[str]) -> page.Markup:
    groups: dict[str, list[Kind]] = {}
    for kind in KINDS.values():
        if kind.name in names and not kind.form.is_number:
            groups.setdefault(kind.quantity, []).append(kind)
    rows = [(name, [_right(run["kinds"][kinds[0].name]) for kinds in groups.values()]) for name, run in runs.items()]
    heads = ("input", *(" / ".join(dict.fromkeys(_words(kinds))) for kinds in groups.values()))
    return page.table(heads, rows, dim=_untold(runs))


def _words(kinds: Sequence[Kind]) -> list[str]:
    return [word for kind in kinds for word in ((kind.word, kind.opposite) if kind.word else (_name(kind),))]


def _name(kind: Kind) -> str:
    return kind.name.replace("_", " ")


def _right(figures: Mapping[str, Any]) -> page.Cell:
    value, amodal = figures["qualitative_accuracy"], figures["qualitative_accuracy_amodal"]
    wrong = 0.0 if value is None else 1.0 - value
    said = page.join(page.percent(value, 2), page.small(f"{page.percent(amodal)} of {figures['asked']:,}"))
    return page.Cell(said, "less", min(0.6, 12 * wrong))


def _refusals(runs: Runs) -> page.Markup:
    totals: dict[str, int] = {}
    for run in runs.values():
        for reason, count in run["refused_by_reason"].items():
            totals[reason] = totals.get(reason, 0) + count
    reasons = sorted(totals, key=lambda reason: (-totals[reason], reason))
    named, others = reasons[:_REASONS], reasons[_REASONS:]
    classes = [f"part{place}" for place in range(len(named) + 2)]
    rows = []
    for name, run in runs.items():
        refused = run["refused_by_reason"]
        counts = {"asked": run["asked"], **{reason: refused.get(reason, 0) for reason in named}}
        counts["other reasons"] = sum(refused.get(reason, 0) for reason in others)
        rows.append(page.share_row(name, counts, classes))
    says = ["asked", *(reason.replace("_", " ") for reason in named), "other reasons"]
    lead = "What became of all that could be asked of the objects and their pairs; the first reason counts."
    chart = page.row_chart(rows, page.Axis(0.0, 1.0), width=page.WIDE)
    return page.section("What is refused, and why", lead, page.panel(page.legend(**dict(zip(classes, says))), chart))


def _worst(runs: Runs) -> page.Markup:
    blocks = []
    for name, run in runs.items():
        wrong, far = run["worst"]["wrong"], run["worst"]["far_off"]
        if wrong or far:
            rows = [("wrong", _case(case)) for case in wrong] + [("far off", _case(case)) for case in far]
            heads = ("", "room", "quantity", "objects", "said", "true", "1 sigma", "sigmas off")
            says = f"{name}: {len(wrong)} wrong, {len(far)} beyond 4 sigma"
            blocks.append(page.fold(says, page.table(heads, rows, "texts")))
    lead = page.Markup(
        "Per input the comparisons that were wrong and the lengths that missed by more than 4 sigma; at most a dozen "
        "of each. The room's number leads to its picture: <code>spatialvlm build rooms:N</code> with the same seed and "
        "size."
    )
    return page.section("The worst cases", lead, *blocks)


def _case(case: Mapping[str, Any]) -> list[str]:
    lengths = [f"{case[name]:.3f} m" for name in ("said_m", "truth_m", "sigma_m")]
    return [f"{case['room']}", case["quantity"], ", ".join(case["subjects"]), *lengths, f"{case['sigmas']:.1f}"]


def _made(result: Mapping[str, Any]) -> page.Markup:
    rows = [("source", result["source"])]
    rows += [(f"version: {key}", value) for key, value in sorted(result["versions"].items())]
    rows += [(f"told: {name}", run["error_model"]) for name, run in result["presets"].items() if run["error_model"]]
    return page.section("What made it", "The same rooms, seed and size give the same figures.", page.settings(rows))
