"""Tasks in words: the verbs of robots are read, what is not says how to say it."""

import pytest

from spatialvlm.errors import UserError
from spatialvlm.reward import Goal, goals_of

ONE = {
    "pick up the red can": "red can",
    "Grasp the red can.": "red can",
    "lift red can": "red can",
    "grab a red can": "red can",
    "pick the red can up": "red can",
    "pick up the red can from the table": "red can",
    "reach the button": "button",
    "reach for the button": "button",
    "touch lamp": "lamp",
    "press the red button": "red button",
    "open the drawer": "drawer handle",
    "close the top drawer": "top drawer handle",
    "open the door handle": "door handle",
    "please, push the block": "block",
    "move the gripper to the red can": "red can",
}
TWO = {
    "put the red can into the box": ("red can", "box"),
    "put red can in box": ("red can", "box"),
    "place the mug on the plate": ("mug", "plate"),
    "place the mug on top of the blue plate": ("mug", "blue plate"),
    "move the mug next to the plate": ("mug", "plate"),
    "move mug near plate": ("mug", "plate"),
    "push the block to the goal": ("block", "goal"),
    "pick up the can and put it into the bin": ("can", "bin"),
    "stack the red block on the blue block": ("red block", "blue block"),
}


@pytest.mark.parametrize("task", ONE)
def test_one_stage(task):
    assert goals_of(task) == (Goal("gripper", ONE[task]),)


@pytest.mark.parametrize("task", TWO)
def test_two_stages(task):
    moved, there = TWO[task]
    assert goals_of(task) == (Goal("gripper", moved, 1), Goal(moved, there, 2))


def test_two_names_go_before_the_task():
    assert goals_of("dance", ("the gripper", "Red Can")) == (Goal("gripper", "red can"),)


@pytest.mark.parametrize("task", ["", "  .", "dance", "be careful with the can", "put it into the box", "reach the"])
def test_what_is_not_read_comes_with_examples(task):
    with pytest.raises(UserError, match="put the mug on the plate"):
        goals_of(task)


def test_several_things_are_not_one():
    with pytest.raises(UserError, match="several things"):
        goals_of("pick up the can and the mug")


@pytest.mark.parametrize("names", [("can", "can"), ("", "can"), ("can",), ("the can", "can")])
def test_names_that_make_no_sense(names):
    with pytest.raises(UserError, match="two different things"):
        goals_of("reach the can", names)
