"""reason: a picture and a composed question -> an answer, step by step, each of which can be checked.

calculator     an expression over measured values -> a value, which knows how it moves with each of them
workbook       what is known so far, under handles, with errors
desk, opening  a picture, its scene, who sees it; tools/ are what can be done there
chat_client    a language model on a server
talk           turns and calls against limits, each put into the trace
tool_calling, dialogue, modes    a question and a language model -> an answer, by tools or by asking one who sees
trace, telling, evidence_picture what happened: on disk, in the terminal, in a picture
"""

from spatialvlm.reason.calculator import Quantity, Verdict, calculate
from spatialvlm.reason.chat_client import ChatClient
from spatialvlm.reason.desk import Desk
from spatialvlm.reason.evidence_picture import draw_evidence
from spatialvlm.reason.modes import Mode, choose_mode, reason_about
from spatialvlm.reason.opening import open_desk
from spatialvlm.reason.talk import Limits
from spatialvlm.reason.telling import answer_in_words, print_step
from spatialvlm.reason.trace import EndStep, Trace, read_trace
from spatialvlm.reason.workbook import Entry, Workbook

__all__ = [
    "ChatClient",
    "Desk",
    "EndStep",
    "Entry",
    "Limits",
    "Mode",
    "Quantity",
    "Trace",
    "Verdict",
    "Workbook",
    "answer_in_words",
    "calculate",
    "choose_mode",
    "draw_evidence",
    "open_desk",
    "print_step",
    "read_trace",
    "reason_about",
]
