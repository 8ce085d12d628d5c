"""answer: the call that ends a line of reasoning."""

import math
import re
from typing import Annotated, Any

from pydantic import Field

from spatialvlm.errors import UserError
from spatialvlm.reason.desk import Desk
from spatialvlm.reason.tools import ToolArguments

NEEDS = ()
_HANDLE = re.compile(r"[adfrs]\d+")


class AnswerArguments(ToolArguments):
    """Takes what the answer is."""

    value: Annotated[
        str | float | bool,
        Field(description="The answer: the handle of a result, a number in `unit`, true or false, a name, or words."),
    ]
    unit: Annotated[str, Field(description="The unit of a number, as 'm'; empty for anything else.")]
    confidence: Annotated[float, Field(description="How sure it is, from 0 to 1.", ge=0, le=1)]
    abstain: Annotated[bool, Field(description="True where nothing can be told; value then says why.")]


def run(desk: Desk, given: AnswerArguments) -> dict[str, Any]:
    """Give the final answer, once, when nothing more has to be found out."""
    if desk.answered is not None:
        raise UserError("answer: was given already; nothing follows it")
    if isinstance(given.value, float) and not math.isfinite(given.value):
        raise UserError(f"answer: value {given.value} is no number; abstain where there is none")
    if isinstance(given.value, str) and _HANDLE.fullmatch(given.value.strip()) and not given.abstain:
        _ = desk.book[given.value.strip()]  # one that was never given is told as such
    desk.answered = given.model_dump()
    return {"answered": True}
