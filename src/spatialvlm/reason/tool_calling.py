"""Mode `tools`: a language model calls tools that measure, until it calls `answer`; nothing is read out of its prose.

Enters: a desk, a question, a client. Leaves: the end, with the answer as it was called. An answer that is a handle has
the value and the error of that line of the workbook, so that no number is copied wrongly.
"""

import json
from typing import Any

from spatialvlm.answers import CannotTell, YesNo
from spatialvlm.reason.chat_client import ChatClient, ClientReply, Message
from spatialvlm.reason.desk import Desk
from spatialvlm.reason.talk import Limits, Talk, evidence_of
from spatialvlm.reason.trace import EndStep, Trace

ANSWER = "answer"
INSTRUCTIONS = """You answer a question about one picture that you cannot see. Tools see it for you.

Work like a surveyor: find out what things are called, measure what the question rests on, compute, then answer.
- Take every number from a tool. Each result has a handle such as d1; use handles, not copied numbers, in `calculate`.
- Compare by `calculate`, as in "max(d1, d2) - min(d1, d2) < 10 cm": it knows the errors.
- Independent measurements may be asked for at once. Where a call fails, read why and call it otherwise.
- End by the tool `answer`, with the handle of the deciding result as its value where there is one.
- Abstain, and say why, where the results do not decide. Never guess a length."""
REMINDER = "Nothing was called. Only a call of the tool `answer` ends this: call it now, or what is missing."


def reason_by_tools(
    desk: Desk, question: str, client: ChatClient, *, limits: Limits | None = None, trace: Trace | None = None
) -> EndStep:
    """Reason until an answer or a limit; whatever goes wrong on the way is told by the end, and traced.

    Raises UserError where the trace cannot be written, or pydantic is missing.
    """
    from spatialvlm.reason.tools import offered

    talk = Talk(desk, question, "tools", client, limits, trace)
    schemas = [tool.schema() for tool in offered(desk).values()]
    messages: list[Message] = [
        {"role": "system", "content": INSTRUCTIONS},
        {"role": "user", "content": question},
    ]
    reminded = False
    while True:
        reply = talk.reply(messages, schemas)
        if isinstance(reply, EndStep):
            return reply
        if reply.calls:
            ended = _call_all(talk, reply, messages)
            if ended is not None:
                return ended
        elif reminded:
            return talk.end("no_answer", reply.text or "it said nothing and called nothing")
        else:
            messages += [reply.message, talk.remark(REMINDER)]
        reminded = not reply.calls


def _call_all(talk: Talk, reply: ClientReply, messages: list[Message]) -> EndStep | None:
    """Make the calls of a turn and put their results into the messages; the one that answers ends it."""
    messages.append(reply.message)
    results: list[dict[str, Any]] = []
    for wanted in reply.calls:
        result = talk.call(wanted.name, wanted.arguments)
        if isinstance(result, EndStep):
            return result
        if talk.desk.answered is not None:
            return _answered(talk, talk.desk.answered)
        results.append(result)
        content = json.dumps(result, ensure_ascii=False)
        messages.append({"role": "tool", "tool_call_id": wanted.id, "content": content})
    return talk.count_faults(results)


def _answered(talk: Talk, given: dict[str, Any]) -> EndStep:
    """End with what `answer` was called with, looked up in the workbook where that is a handle."""
    value, sure = given["value"], given["confidence"]
    if given["abstain"]:
        return talk.end("abstained", _in_words(value, ""), confidence=sure)
    entry = talk.desk.book.entries.get(value.strip()) if isinstance(value, str) else None
    if entry is None:
        return talk.end("answered", _in_words(value, given["unit"]), value=value, unit=given["unit"], confidence=sure)
    evidence = evidence_of(talk.desk, entry.handle)
    if isinstance(entry.answer, CannotTell):
        return talk.end("abstained", entry.text, confidence=sure, evidence=evidence)
    found = (
        entry.answer.yes if isinstance(entry.answer, YesNo) else entry.value if entry.value is not None else entry.text
    )
    return talk.end(
        "answered", entry.text, value=found, unit=entry.unit, sigma=entry.sigma, confidence=sure, evidence=evidence
    )


def _in_words(value: str | float | bool, unit: str) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4g} {unit}".strip() if isinstance(value, float) else str(value)
