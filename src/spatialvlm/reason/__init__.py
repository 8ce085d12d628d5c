"""reason: a picture and a composed question -> an answer, step by step, each of which can be checked.

amounts, calculator      an expression over measured values -> a value, which knows how it moves with each of them
known_values             what is known so far, under handles, with errors
desk, opening            a picture, its scene, who sees it; tools/ are what can be done there, and need pydantic
chat_client              a language model on a server
talk                     turns and calls against limits, each put into the trace
reasoning_modes          a question -> an answer, in one of the modes:
tool_calling, dialogue   a language model calls tools, or asks one who sees
trace, telling           what happened: on disk, in the terminal
evidence_picture         the same in a picture
chain_calls              chains of the data engine, told by calls of tools
checking, following      a conversation with calls of tools -> the first step that is wrong
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from spatialvlm.reason.amounts import Amount, Decided
from spatialvlm.reason.calculator import calculate
from spatialvlm.reason.chat_client import ChatClient
from spatialvlm.reason.desk import Desk
from spatialvlm.reason.evidence_picture import draw_evidence
from spatialvlm.reason.known_values import Entry, Workbook
from spatialvlm.reason.opening import open_desk
from spatialvlm.reason.reasoning_modes import Mode, choose_mode, reason_about
from spatialvlm.reason.talk import Limits
from spatialvlm.reason.telling import answer_in_words, print_step
from spatialvlm.reason.trace import EndStep, Trace, read_trace

if TYPE_CHECKING:
    from spatialvlm.reason.chain_calls import chain_messages, write_chain_calls
    from spatialvlm.reason.checking import Checked, check
    from spatialvlm.reason.tools import ToolArguments, all_tools, call, offered

__all__ = [
    "Amount",
    "ChatClient",
    "Checked",
    "Decided",
    "Desk",
    "EndStep",
    "Entry",
    "Limits",
    "Mode",
    "ToolArguments",
    "Trace",
    "Workbook",
    "all_tools",
    "answer_in_words",
    "calculate",
    "call",
    "chain_messages",
    "check",
    "choose_mode",
    "draw_evidence",
    "offered",
    "open_desk",
    "print_step",
    "read_trace",
    "reason_about",
    "write_chain_calls",
]
_LAZY = {
    **dict.fromkeys(("ToolArguments", "all_tools", "call", "offered"), "tools"),
    **dict.fromkeys(("chain_messages", "write_chain_calls"), "chain_calls"),
    **dict.fromkeys(("Checked", "check"), "checking"),
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module 'spatialvlm.reason' has no attribute {name!r}")
    return getattr(import_module(f"spatialvlm.reason.{_LAZY[name]}"), name)
