"""relation: whether one thing is left of, above, behind, taller than ... another."""

from typing import Annotated, Any, Literal

from pydantic import Field

from spatialvlm.reason.desk import Desk, told
from spatialvlm.reason.tools import ToolArguments

NEEDS = ("scene",)
Relation = Literal[
    "left", "right", "above", "below", "behind", "front", "taller", "shorter", "wider", "thinner", "bigger", "smaller"
]
KINDS = {"taller": "tall", "shorter": "short", "wider": "wide", "thinner": "thin", "bigger": "big", "smaller": "small"}


class RelationArguments(ToolArguments):
    """Takes two names and a relation."""

    a: Annotated[str, Field(description="What one thing is called.")]
    b: Annotated[str, Field(description="What the other thing is called.")]
    relation: Annotated[Relation, Field(description="What may hold of a, compared with b, as the viewer sees them.")]


def run(desk: Desk, given: RelationArguments) -> dict[str, Any]:
    """Tell whether a relation holds between two things: is a left of b, behind it, taller than it, and so on."""
    return told(desk.ask(f"{KINDS.get(given.relation, given.relation)}_predicate", given.a, given.b))
