"""Benchmarks: each file turns the rows of one into Items, and knows its official rule and its own overall figures.

Enters: data as the benchmark's authors publish it, from the hub or from a local copy in the same layout. Leaves: Items
in the order of the data. A file holds one TASK. A new benchmark is a file, its name in TASKS, its test; the command
line, the tasks of inspect_ai and the contract that all are tested by follow from that list.
"""

from difflib import get_close_matches
from importlib import import_module
from typing import TYPE_CHECKING

from spatialvlm.errors import UserError

if TYPE_CHECKING:
    from spatialvlm.evaluate.tasks.task import Task

TASKS = (
    "rooms",
    "rooms_plus",
    "folder",
    "qspatial",
    "spatialrgpt_bench",
    "cv_bench",
    "blink_spatial",
    "vsi_bench",
    "embspatial",
    "robospatial_home",
    "threedsr_bench",
    "vsr",
    "spatialmqa",
)
"""The benchmarks to evaluate on, each a file in this folder; --help names them, so nothing slow is imported here."""


def load_task(name: str) -> "Task":
    """Import the task of this name. Raises UserError for an unknown one."""
    if name not in TASKS:
        close = get_close_matches(name, TASKS, 1)
        hint = f"did you mean {close[0]!r}? " if close else ""
        raise UserError(f"task {name!r}: unknown; {hint}choose among {', '.join(TASKS)}")
    return import_module(f"spatialvlm.evaluate.tasks.{name}").TASK
