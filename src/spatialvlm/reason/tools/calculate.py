"""calculate: arithmetic on what is known so far."""

from typing import Annotated, Any

from pydantic import Field

from spatialvlm.reason.desk import Desk, told
from spatialvlm.reason.tools import ToolArguments

NEEDS = ()


class CalculateArguments(ToolArguments):
    """Takes an expression."""

    expression: Annotated[
        str,
        Field(description="Handles, numbers with units, + - * / ^ ( ) < >, sqrt, min, max, acos: 'd1 + d2 < 60 cm'."),
    ]


def run(desk: Desk, given: CalculateArguments) -> dict[str, Any]:
    """Compute an expression over handles of earlier results; units are checked and errors carried through."""
    return told(desk.book.computed(given.expression))
