"""A report as one HTML file without scripts or network: what is shown enters, the whole page leaves.

Every report wears the same clothes (document.html, style.css), light or dark as the reader's screen is. Plain texts
are escaped; markup (`markup.element`) is taken as it is.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from string import Template
from typing import Any

from spatialvlm.page.markup import Markup, element, elements, join
from spatialvlm.page.wording import shortened


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table on a tint of the stylesheet (`heat`, `less`, `more`), of a strength from 0 to 1."""

    content: str
    tint: str
    strength: float


def document(
    *,
    title: str,
    over: str,
    headline: str,
    lead: str,
    tiles: Iterable[tuple[str, str]],
    sections: Iterable[str],
    footer: str,
    pictures: str = "data:",
) -> str:
    """Make the whole page. `tiles` are its large figures, with what each is; `pictures` tells where images may be from.

    `pictures` is a source of a Content-Security-Policy: data: for those within the page, 'self' for those beside it.
    """
    folder = files("spatialvlm.page")
    return Template(folder.joinpath("document.html").read_text("utf-8")).substitute(
        pictures=pictures,
        style=folder.joinpath("style.css").read_text("utf-8"),
        title=join(title),
        over=join(over),
        headline=join(headline),
        lead=_tight(lead),
        tiles=elements(
            "div", (join(element("b", figure), element("span", _tight(what))) for figure, what in tiles), "tile"
        ),
        sections="\n".join(filter(None, sections)),
        footer=_tight(footer),
    )


def section(title: str, lead: str, *body: str) -> Markup:
    """Make a part of the page under its heading; nothing where it has nothing to show."""
    shown = join(*body)
    return element("section", element("h2", title), element("p", _tight(lead), css="lead"), shown) if shown else shown


def heading(text: str) -> Markup:
    """Make a heading within a section."""
    return element("h3", text, css="apart")


def note(text: str) -> Markup:
    """Make a remark in small letters; nothing where the text is empty."""
    return element("p", _tight(text), css="note") if text else Markup()


def small(text: str) -> Markup:
    """Make a line in small letters within a cell; nothing where the text is empty."""
    return element("small", _tight(text)) if text else Markup()


def panel(*content: str) -> Markup:
    """Make a sheet of its own."""
    return element("div", *content, css="panel")


def panels(contents: Mapping[str, str], css: str = "grid") -> Markup:
    """Lay titled sheets side by side: in rows ("grid"), rows of small ones ("squares") or columns ("flow")."""
    sheets = [panel(element("h3", title), content) for title, content in contents.items()]
    return element("div", *sheets, css=css) if sheets else Markup()


def legend(**meanings: str) -> Markup:
    """Explain what the colours and signs of a chart mean, by their classes."""
    parts = (join(element("i", css=css), text) for css, text in meanings.items())
    return element("div", elements("span", parts), css="key")


def fold(summary: str, *content: str, is_open: bool = False) -> Markup:
    """Fold content under a line, which unfolds it."""
    return element("details", element("summary", summary), *content, open="" if is_open else None)


def table(
    heads: Sequence[str],
    rows: Iterable[tuple[str, Sequence[str | Cell]]],
    css: str = "figures",
    dim: Collection[str] = (),
) -> Markup:
    """Make a table in a panel: its rows are a name each and the cells; those whose names are in `dim` step back.

    `css` is "figures" (columns of numbers), "texts" (columns of texts) or "settings".
    """
    head = element("tr", *(element("th", _tight(text), scope="col") for text in heads))
    body = (
        element(
            "tr",
            element("th", name, scope="row"),
            *(_cell(cell) for cell in cells),
            css="dim" if name in dim else "",
        )
        for name, cells in rows
    )
    shown = join(element("thead", head) if heads else Markup(), element("tbody", *body))
    return element("div", element("table", shown, css=css), css="panel scroll")


def settings(rows: Iterable[tuple[str, Any]]) -> Markup:
    """Make a table of names and values, texts or JSON, that nobody has to read."""
    return table((), [(name, [shortened(value)]) for name, value in rows], "settings")


def _cell(cell: str | Cell) -> Markup:
    if isinstance(cell, Cell):
        return element("td", cell.content, style=f"background:rgba(var(--{cell.tint}), {cell.strength:.2f})")
    return element("td", cell)


def _tight(text: str) -> Markup:
    """Keep every per cent sign on the line of its number."""
    return Markup(join(text).replace(" %", "&nbsp;%"))
