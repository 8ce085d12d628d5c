"""What `spatialvlm.evaluate` offers to others: every name is there, and none costs anything before it is used."""

import subprocess
import sys

import pytest

from spatialvlm import evaluate

HEAVY = ("numpy", "pyarrow", "inspect_ai", "rich.console")


@pytest.mark.parametrize("name", evaluate.__all__)
def test_every_name_is_imported_when_it_is_used(name):
    assert getattr(evaluate, name) is not None


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match=r"module 'spatialvlm\.evaluate' has no attribute 'nothing'"):
        _ = evaluate.nothing


def test_the_list_of_tasks_costs_nothing():
    program = f"import sys; from spatialvlm.evaluate import TASKS; print([m for m in {HEAVY} if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "[]\n"
