"""Who reasons how: what people typed -> a mode, and a question taken through it.

geometry   no language model: a grammar reads the question, and what it asks for is measured
tools      a language model calls tools that measure
dialogue   a language model asks a vision-language model, in words
"""

from typing import Literal

from spatialvlm.answering import check_question
from spatialvlm.errors import UserError
from spatialvlm.reason.chat_client import ChatClient
from spatialvlm.reason.desk import Desk
from spatialvlm.reason.dialogue import reason_by_dialogue
from spatialvlm.reason.geometry_mode import reason_by_geometry
from spatialvlm.reason.talk import Limits
from spatialvlm.reason.tool_calling import reason_by_tools
from spatialvlm.reason.trace import EndStep, Trace

Mode = Literal["geometry", "tools", "dialogue"]


def choose_mode(mode: Mode | None, llm: str | None) -> Mode:
    """Choose the given mode, else `tools` where there is a language model, and `geometry` where there is none.

    Raises UserError where the mode needs a language model, or has no use for it.
    """
    if mode in ("tools", "dialogue") and llm is None:
        raise UserError(
            f"mode {mode}: lacks a language model; give --llm URL#MODEL of a server, as in "
            "--llm http://localhost:11434/v1#qwen3:8b"
        )
    if mode == "geometry" and llm is not None:
        raise UserError("mode geometry: asks no language model; leave --llm out, or choose another mode")
    return mode or ("geometry" if llm is None else "tools")


def reason_about(
    desk: Desk,
    question: str,
    llm: str | None,
    mode: Mode | None = None,
    *,
    limits: Limits | None = None,
    trace: Trace | None = None,
) -> EndStep:
    """Answer a composed question about what lies on a desk, step by step; `llm` is URL#MODEL, None for `geometry`.

    Whatever a model or a server does ends in an EndStep, within the limits. Raises UserError for a question, a mode or
    an address that makes no sense, and where the trace cannot be written.
    """
    question, chosen = check_question(question), choose_mode(mode, llm)
    if chosen == "geometry":
        return reason_by_geometry(desk, question, trace=trace)
    client = ChatClient(str(llm))
    match chosen:
        case "tools":
            return reason_by_tools(desk, question, client, limits=limits, trace=trace)
        case "dialogue":
            return reason_by_dialogue(desk, question, client, limits=limits, trace=trace)
