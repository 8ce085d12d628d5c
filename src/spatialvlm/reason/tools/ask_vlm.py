"""ask_vlm: a question to the vision-language model that sees the picture."""

from typing import Annotated, Any

from pydantic import Field

from spatialvlm.answers import Angle, Length
from spatialvlm.evaluate import read_answer
from spatialvlm.reason.desk import Desk, told
from spatialvlm.reason.tools import ToolArguments

NEEDS = ("vlm",)


class AskVlmArguments(ToolArguments):
    """Takes a question."""

    question: Annotated[
        str, Field(description="One question about the picture, in words.", min_length=1, max_length=2000)
    ]


def run(desk: Desk, given: AskVlmArguments) -> dict[str, Any]:
    """Ask a model that sees the picture one question. Its lengths are guesses; their error says how good they are."""
    assert desk.vlm is not None
    said = desk.vlm(given.question)
    value = read_answer(given.question, said)
    number = value.metres if isinstance(value, Length) else value.radians if isinstance(value, Angle) else 0.0
    return told(desk.book.told(value, said, abs(number) * desk.vlm_error))
