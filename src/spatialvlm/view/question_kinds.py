"""The catalogue of question kinds in the terminal."""

import difflib

from rich.console import Console
from rich.table import Table

from spatialvlm.errors import UserError
from spatialvlm.kinds import KIND_NAMES, KINDS
from spatialvlm.pipeline.measure import REASONS, computed, refused
from spatialvlm.view.catalogue import example


def print_kinds(console: Console) -> None:
    """Print one row a kind, in two tables: the qualitative and the quantitative family."""
    for family in ("qualitative", "quantitative"):
        table = Table(title=family, title_justify="left", box=None, padding=(0, 2, 0, 0), title_style="bold")
        for heading in ("kind", "asks", "decided by", "example"):
            table.add_column(heading, overflow="fold", no_wrap=heading == "kind")
        for kind in KINDS.values():
            if kind.family == family:
                question, answer = example(kind)
                table.add_row(kind.name, kind.asks, computed(kind), f"{question} [bold]{answer}[/]")
        console.print(table)
        console.print()
    console.print("When a kind is refused, and more examples: [bold]spatialvlm questions KIND[/]", highlight=False)


def print_kind(console: Console, name: str) -> None:
    """Print all about one kind. Raises UserError for a name that is none."""
    from spatialvlm.pipeline.phrase import load_sheet

    if name not in KINDS:
        close = difflib.get_close_matches(name, KIND_NAMES, 1)
        hint = f"did you mean {close[0]!r}?" if close else "`spatialvlm questions` lists them"
        raise UserError(f"kind {name!r}: unknown; {hint}")
    kind = KINDS[name]
    question, answer = example(kind)
    console.print(f"[bold]{kind.name}[/] ({kind.family}): {kind.asks}", highlight=False)
    console.print(f"decided by: {computed(kind)}", highlight=False)
    console.print(f"asked with weight {kind.weights[1]}, {kind.weights[0]} where up is unknown", highlight=False)
    console.print(f"example: {question} [bold]{answer}[/]", highlight=False)
    console.print("refused when", highlight=False)
    for reason in refused(kind):
        console.print(f"  {reason:20s} {REASONS[reason]}", highlight=False)
    console.print("asked as", highlight=False)
    for line in load_sheet(name).lines["question"]:
        words = "".join(piece if i % 2 == 0 else f"\\[{piece}]" for i, piece in enumerate(line.pieces))
        console.print(f"  {words}", highlight=False)
