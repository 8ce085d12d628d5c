"""A task in words -> what has to come close to what: "put the can into the box" -> gripper to can, then can to box."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from spatialvlm.errors import UserError

GRIPPER = "gripper"
EXAMPLES = (
    "pick up the red can",
    "put the mug on the plate",
    "push the block to the goal",
    "reach the button",
    "open the drawer",
)
_ARTICLE = r"(?:the|a|an|this|that|my|your)\s+"
_TAKE = r"(?:pick(?: up)?|grasp|lift(?: up)?|grab|take|get|hold|raise|fetch)"
_MOVE = r"(?:put|place|move|set|drop|bring|carry|stack|insert|lay|push|slide|pull|drag|transfer|deliver)"
_TO = (
    r"(?:down )?(?:into|inside(?: of)?|in|onto|on top of|on|next to|close to|near to|near|beside|towards|toward|to|at"
    r"|over|above|under|by|against)"
)
_REACH = r"(?:reach(?: for| to)?|touch|approach|go to|move to|point (?:at|to)|press|push|tap|hit|poke|get to)"
_TAKE_AND_MOVE = re.compile(
    rf"{_TAKE} (?P<x>.+?)(?: up)?(?:,| and|, and|, then| and then| then) {_MOVE} it {_TO} (?P<y>.+)"
)
_MOVE_TO = re.compile(rf"{_MOVE} (?P<x>.+?) {_TO} (?P<y>.+)")
_REACHED = re.compile(rf"{_REACH} (?P<x>.+)")
_TAKEN = re.compile(rf"{_TAKE} (?P<x>.+?)(?: up)?(?: (?:from|off|out of) .+)?")
_OPENED = re.compile(r"(?:open|close|shut)(?: up)? (?P<x>.+)")
_POLITE = re.compile(r"^(?:please|can you|could you|the robot (?:should|must|shall)|you (?:should|must)|now)[, ]+")


@dataclass(frozen=True, slots=True)
class Goal:
    """Two things that have to come close, called as people call them; `stage` counts from 1, in the order of doing."""

    a: str
    b: str
    stage: int = 1

    def __str__(self) -> str:
        return f"{self.a} to {self.b}"


def goals_of(task: str, between: Sequence[str] | None = None) -> tuple[Goal, ...]:
    """Read a task, one or two stages; `between` names the two things, whatever the task says.

    Raises UserError, with examples, for a task that is not read, and for names that make no sense.
    """
    if between is not None:
        return (_between(between),)
    text = _plain(task)
    if not text:
        raise UserError(f"task: is empty; expected words such as {_examples()}")
    if found := _TAKE_AND_MOVE.fullmatch(text) or _MOVE_TO.fullmatch(text):
        moved, there = _name(found["x"], task), _name(found["y"], task)
        if moved == GRIPPER:
            return (_goal(GRIPPER, there, 1, task),)
        return _goal(GRIPPER, moved, 1, task), _goal(moved, there, 2, task)
    if found := _OPENED.fullmatch(text):
        opened = _name(found["x"], task)
        held = opened if opened.split()[-1] in ("handle", "knob") else f"{opened} handle"
        return (_goal(GRIPPER, held, 1, task),)
    if found := _REACHED.fullmatch(text) or _TAKEN.fullmatch(text):
        return (_goal(GRIPPER, _name(found["x"], task), 1, task),)
    raise UserError(
        f"task {task!r}: what it has to bring together was not read; say it as in {_examples()}, or name the two "
        "things: --between gripper 'red can'"
    )


def called(name: str) -> tuple[str, ...]:
    """List what a thing of a task may be called in a picture, the name itself first."""
    if name == GRIPPER:
        return GRIPPER, "robot gripper", "robot hand", "end effector", "hand", "robot arm"
    names = [name]
    if name.endswith(" handle"):
        names += [f"handle of the {name.removesuffix(' handle')}", "handle"]
    if place := re.search(r" (?:on|in|from|at|near|beside|next to|of) (?:the )?\S.*$", name):
        names.append(name[: place.start()])
    return tuple(dict.fromkeys(names))


def _between(names: Sequence[str]) -> Goal:
    plain = [re.sub(rf"^{_ARTICLE}", "", " ".join(name.lower().split())) for name in names]
    if len(plain) != 2 or not all(plain) or plain[0] == plain[1]:
        shown = ", ".join(map(repr, names)) or "nothing"
        raise UserError(f"between {shown}: expected the names of two different things, as in 'gripper' 'red can'")
    return Goal(plain[0], plain[1])


def _plain(task: str) -> str:
    text = " ".join(task.lower().split()).rstrip(".!? ")
    return _POLITE.sub("", text).removesuffix(" please").rstrip(", ")


def _name(text: str, task: str) -> str:
    name = re.sub(rf"^{_ARTICLE}", "", text.strip(" ,"))
    if not name or name in ("it", "them", "that", "this", "the", "a", "an", "my", "your"):
        raise UserError(f"task {task!r}: {text!r} names no thing; say it as in {_examples()}")
    if re.search(r"(?:,| and | or | then )", name):
        raise UserError(
            f"task {task!r}: {text!r} names several things, expected one; give each its own run, or name the two "
            "things: --between gripper 'red can'"
        )
    return name


def _goal(a: str, b: str, stage: int, task: str) -> Goal:
    if a == b:
        raise UserError(f"task {task!r}: brings {a!r} to itself; expected two different things, as in {_examples()}")
    return Goal(a, b, stage)


def _examples() -> str:
    return ", ".join(map(repr, EXAMPLES))
