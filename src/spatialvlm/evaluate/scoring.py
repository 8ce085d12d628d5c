"""Scoring: an Item and an answer -> a Scored, by the robust rule and by the benchmark's official one.

Pure functions: the same answer gets the same score, at any time, on any machine. An answer that cannot be read, is
empty, or was never given is wrong, and stays in the denominator.
"""

from collections.abc import Callable
from dataclasses import dataclass

from spatialvlm.evaluate.items import Item
from spatialvlm.evaluate.reading import Reading
from spatialvlm.records import Score


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """An item with its answer, how that was read, and its scores: values in [0, 1], never None.

    `answer` is None where none could be had. `official` is None where the benchmark has no official rule without a
    judge. `truncated` says that the answer was cut off at the longest length allowed.
    """

    item: Item
    answer: str | None
    reading: Reading
    robust: Score
    official: Score | None
    truncated: bool = False


Official = Callable[[Item, str], Score]
