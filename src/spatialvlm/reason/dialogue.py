"""Mode `dialogue`: a language model that cannot see asks a friend who sees the picture, in lines of plain text.

The protocol is that of the paper's section on chain-of-thought reasoning; the words and the examples are our own. Each
line `Ask: ...` is a question to the vision-language model; a line `Answer: ...` ends it. All other lines are thoughts.
"""

import json
import re
from dataclasses import dataclass

from spatialvlm.answers import Angle, Answer, CannotTell, Count, Length, YesNo
from spatialvlm.errors import UserError
from spatialvlm.evaluate import read_answer
from spatialvlm.reason.chat_client import ChatClient, Message
from spatialvlm.reason.desk import Desk
from spatialvlm.reason.talk import Limits, Talk
from spatialvlm.reason.trace import EndStep, Trace

INSTRUCTIONS = """You solve a puzzle about a photograph together with a friend on the telephone. The puzzle is told to
you alone; the photograph lies before your friend alone. Your friend answers one plain thing at a time: what is there,
where it is, how large it is, how far apart two things are. Drawing conclusions is your part.

How to write:
- A line that begins with "Ask:" puts one short question to your friend. Write several such lines if you need several
  things; then stop, and wait for the lines that begin with "Friend:".
- Other lines are your own thoughts. Write your arithmetic down, with units.
- When you know enough, write one line that begins with "Answer:", short and complete in itself. If your friend cannot
  tell what the puzzle rests on, write "Answer: it can't be told", and why.

Three puzzles that others have solved:

Puzzle: Can I put the tray between the kettle and the toaster?
Ask: How wide is the tray?
Ask: How wide is the free space between the kettle and the toaster?
Friend: The tray is about 45 cm wide.
Friend: There are 38 cm between them.
The tray needs 45 cm and has 38 cm: 7 cm too little.
Answer: No, the tray is about 7 cm too wide.

Puzzle: Which plant gets less light, if the only light is the window?
Ask: Which plants are in the picture?
Friend: A fern and a cactus.
Ask: How far is the fern from the window?
Ask: How far is the cactus from the window?
Friend: 1.2 metres.
Friend: Roughly 80 centimetres.
The fern is farther away, 1.2 m against 0.8 m, so less light reaches it.
Answer: The fern.

Puzzle: How many of these books, one on another, reach the shelf above the desk?
Ask: How thick is one of the books?
Ask: How high is the shelf above the desk?
Friend: About 4 cm.
Friend: I can't see the shelf from here.
Without the height of the shelf there is nothing to divide.
Answer: it can't be told, because the shelf is out of sight."""
REMINDER = 'That was neither. Write lines that begin with "Ask:", or one line that begins with "Answer:".'
_LINE = re.compile(r"(Ask|Answer|Friend):\s*(.*)")


@dataclass(frozen=True, slots=True)
class Turn:
    """What a turn says: questions to the friend, or the answer, or neither."""

    asks: tuple[str, ...] = ()
    answer: str | None = None


def parse_turn(text: str) -> Turn:
    """Read a turn of the language model. What follows a reply that it invented counts for nothing.

    Questions come before an answer: one that is written beside them was given without knowing.
    """
    asks: list[str] = []
    answer = None
    for line in text.splitlines():
        found = _LINE.fullmatch(line.strip())
        if found is None:
            continue
        mark, said = found[1], found[2].strip()
        if mark == "Friend":
            break
        if mark == "Ask" and said:
            asks.append(said)
        elif mark == "Answer" and said and answer is None:
            answer = said
    return Turn(tuple(asks), None if asks else answer)


def reason_by_dialogue(
    desk: Desk, question: str, client: ChatClient, *, limits: Limits | None = None, trace: Trace | None = None
) -> EndStep:
    """Reason until an answer or a limit; whatever goes wrong on the way is told by the end, and traced.

    Raises UserError for a desk without a vision-language model, and where the trace cannot be written.
    """
    if desk.vlm is None:
        raise UserError("mode dialogue: nobody sees the picture; name a vision-language model")
    talk = Talk(desk, question, "dialogue", client, limits, trace)
    messages: list[Message] = [
        {"role": "system", "content": INSTRUCTIONS},
        {"role": "user", "content": f"Puzzle: {question}"},
    ]
    reminded = False
    while True:
        reply = talk.reply(messages)
        if isinstance(reply, EndStep):
            return reply
        turn = parse_turn(reply.text)
        if turn.answer is not None:
            return _answered(talk, question, turn.answer)
        if turn.asks:
            told = _friend(talk, turn.asks)
            if isinstance(told, EndStep):
                return told
            messages += [_kept(turn, reply.text), {"role": "user", "content": told}]
        elif reminded:
            return talk.end("no_answer", reply.text or "it said nothing")
        else:
            messages += [reply.message, talk.remark(REMINDER)]
        reminded = not turn.asks


def _friend(talk: Talk, asks: tuple[str, ...]) -> str | EndStep:
    """Ask the friend; returns the lines of the replies."""
    results = []
    for ask in asks:
        result = talk.call("ask_vlm", json.dumps({"question": ask}))
        if isinstance(result, EndStep):
            return result
        results.append(result)
    lines = [" ".join(str(one.get("text", "I can't answer that.")).split()) for one in results]
    return talk.count_faults(results) or "\n".join(f"Friend: {line}" for line in lines)


def _kept(turn: Turn, text: str) -> Message:
    """Return a turn as it is repeated to its author: without the replies that were invented, and what followed."""
    lines = text.splitlines()
    end = next(
        (place for place, line in enumerate(lines) if line.strip().startswith(("Friend:", "Answer:"))), len(lines)
    )
    own = "\n".join(lines[:end]).strip()
    return {"role": "assistant", "content": own or "\n".join(f"Ask: {ask}" for ask in turn.asks)}


def _answered(talk: Talk, question: str, text: str) -> EndStep:
    """End with the words, and with the value that they state, in SI units, where one can be read."""
    stated = read_answer(question, text)
    if isinstance(stated, CannotTell) or text.lower().startswith("it can't be told"):
        return talk.end("abstained", text)
    value, unit = _plain(stated)
    return talk.end("answered", text, value=text if value is None else value, unit=unit)


def _plain(stated: Answer | None) -> tuple[float | bool | None, str]:
    match stated:
        case Length(metres):
            return metres, "m"
        case Angle(radians):
            return radians, "rad"
        case Count(number):
            return float(number), ""
        case YesNo(yes):
            return yes, ""
    return None, ""
