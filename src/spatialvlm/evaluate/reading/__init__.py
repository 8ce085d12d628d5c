"""Reading: what a model wrote -> what it said, and how that was read. No judge, no network, no chance.

final       the part of a long answer that answers: behind the thinking, in \\boxed{}, <answer>, JSON
lengths     lengths in metres, with their errors where they are said
numbers     numbers without a unit, in figures and in words
options     which of some options, by letter or by its words; relations where an answer names both
yes_no      yes or no
clock       hours of a clock
points      places in the image
"""

from dataclasses import dataclass

Value = float | int | bool | tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """What an answer says.

    `value` is None where nothing could be read, else by the form of the truth: metres (length), a number, the place of
    an option from 0 (choice), True or False (yes or no), an hour (clock), points as shares of width and height
    (region). `how` says in a few words how it was read, or why not. `refused` is true where the answer declines to
    answer. `sigma` is the error that the answer states itself (1 sigma, in the unit of `value`), `confidence` its own
    probability in [0, 1].
    """

    value: Value | None
    how: str
    refused: bool = False
    sigma: float | None = None
    confidence: float | None = None
