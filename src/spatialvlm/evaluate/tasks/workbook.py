"""Read the first sheet of an .xlsx file: its rows as dicts by the names in its first row.

A workbook is a ZIP of XML (ECMA-376, part 1, section 18): texts that cells share stand in xl/sharedStrings.xml.
"""

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from spatialvlm.errors import UserError

LARGEST_BYTES = 1 << 30
SHARED, SHEET = "xl/sharedStrings.xml", re.compile(r"xl/worksheets/sheet\d*\.xml")
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")


def read_workbook(file: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of the first sheet; empty cells are None. Raises UserError for what is no workbook."""
    try:
        with zipfile.ZipFile(file) as opened:
            names = sorted(filter(SHEET.fullmatch, opened.namelist()), key=lambda name: (len(name), name))
            sizes = [opened.getinfo(name).file_size for name in (*names[:1], *({SHARED} & {*opened.namelist()}))]
            if not names or sum(sizes) > LARGEST_BYTES:
                raise UserError(f"{file}: got {len(names)} sheets of {sum(sizes)} bytes; save it as .tsv or .jsonl")
            shared = []
            if SHARED in opened.namelist():
                shared = [_text(one) for one in ElementTree.fromstring(opened.read(SHARED)).iter() if _is(one, "si")]
            sheet = ElementTree.fromstring(opened.read(names[0]))
            rows = [dict(_cells(row, shared)) for row in sheet.iter() if _is(row, "row")]
    except (zipfile.BadZipFile, ElementTree.ParseError, KeyError, IndexError, ValueError, OSError) as error:
        raise UserError(f"{file}: no .xlsx workbook ({error}); save it again, or as .tsv or .jsonl") from None
    heads = rows[0] if rows else {}
    for row in rows[1:]:
        if any(value is not None for value in row.values()):
            yield {str(name): row.get(column) for column, name in heads.items() if name is not None}


def _cells(row: ElementTree.Element, shared: list[str]) -> Iterator[tuple[str, Any]]:
    """Yield the column, in letters, and the value of each cell."""
    for place, cell in enumerate(one for one in row if _is(one, "c")):
        column = re.sub(r"\d", "", cell.get("r") or "") or f"#{place}"
        kind = cell.get("t") or "n"
        value = next((one.text for one in cell if _is(one, "v")), None)
        if kind == "inlineStr":
            yield column, _text(cell)
        elif value is None:
            yield column, None
        elif kind == "s":
            yield column, shared[int(value)]
        elif kind == "b":
            yield column, value == "1"
        elif kind == "n":
            number = float(value)
            yield column, int(number) if number.is_integer() else number
        else:
            yield column, value


def _text(element: ElementTree.Element) -> str:
    """Join the runs of a text; "_x000D_" is the way in which a sheet writes a control character."""
    text = "".join(one.text or "" for one in element.iter() if _is(one, "t"))
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)


def _is(element: ElementTree.Element, name: str) -> bool:
    return element.tag.rpartition("}")[2] == name
