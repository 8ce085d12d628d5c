"""HTML and SVG put together safely: a plain text is escaped where it enters, a Markup is taken as it is."""

from collections.abc import Iterable
from html import escape


class Markup(str):
    """A text that is HTML or SVG already."""

    __slots__ = ()


def join(*parts: str, between: str = "") -> Markup:
    """Join the parts in order, with `between` in the gaps; plain texts are escaped, empty ones are left out."""
    return Markup(_safe(between).join(_safe(part) for part in parts if part))


def element(tag: str, *content: str, css: str = "", **attributes: str | float | int | None) -> Markup:
    """Make an element with this content and these attributes; `css` is its class, and what is None is left out.

    Attributes that are numbers are rounded to a tenth. `text_anchor` is said as text-anchor.
    """
    named = {"class": css or None, **attributes}
    said = "".join(
        f" {name.replace('_', '-')}='{_attribute(value)}'" for name, value in named.items() if value is not None
    )
    return Markup(f"<{tag}{said}>" if tag == "img" else f"<{tag}{said}>{join(*content)}</{tag}>")


def elements(tag: str, contents: Iterable[str], css: str = "") -> Markup:
    """Make an element for each content."""
    return join(*(element(tag, content, css=css) for content in contents))


def _safe(text: str) -> str:
    return text if isinstance(text, Markup) else escape(text)


def _attribute(value: str | float | int) -> str:
    return escape(value) if isinstance(value, str) else f"{round(value, 1):.10g}"
