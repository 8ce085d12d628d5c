"""reason: a picture and a composed question -> an answer, step by step, each of which can be checked.

calculator   an expression over measured values -> a value, which knows how it moves with each of them
workbook     what is known so far, under handles, with errors
desk         a picture, its scene, a model to ask, and a workbook
tools        what can be called, a file each; they need pydantic
chain_calls  chains of the data engine, told by calls of tools
checking     a conversation with calls of tools -> the first step that is wrong; `following` judges its answer
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from spatialvlm.reason.calculator import Quantity, Verdict, calculate
from spatialvlm.reason.desk import Desk
from spatialvlm.reason.workbook import Entry, Workbook

if TYPE_CHECKING:
    from spatialvlm.reason.chain_calls import chain_messages, write_chain_calls
    from spatialvlm.reason.checking import Checked, check
    from spatialvlm.reason.tools import ToolArguments, all_tools, call, offered

__all__ = [
    "Checked",
    "Desk",
    "Entry",
    "Quantity",
    "ToolArguments",
    "Verdict",
    "Workbook",
    "all_tools",
    "calculate",
    "call",
    "chain_messages",
    "check",
    "offered",
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
