"""What nano is asked in each of its stages: single things are found and read, then pairs, then all.

A stage is the kinds of questions and the talks (see `scene_talk`) that go with them. What an earlier stage taught is
asked on, so that it stays.
"""

from dataclasses import dataclass

from spatialvlm.errors import UserError

READINGS = ("camera_distance", "width", "height", "bearing", "locate")
CHOICES = tuple(
    f"{side}_choice"
    for side in ("left", "right", "above", "below", "behind", "front", "tall", "short", "wide", "thin", "big", "small")
)
BETWEEN = ("distance", "gap", "vertical_distance", "horizontal_distance", "elevation")
DIFFERENCES = tuple(f"{side}_difference" for side in ("above", "below", "behind", "front", "left", "right"))
ASIDE = ("left_right", "above_below", "behind_front", "tall_short", "wide_thin", "big_small")
SAID = tuple(f"{side}_predicate" for side in ("left", "right", "above", "below", "behind", "front"))
SIZED = tuple(f"{side}_predicate" for side in ("tall", "short", "wide", "thin", "big", "small"))


@dataclass(frozen=True, slots=True)
class Lessons:
    """What a stage asks: kinds of questions, and talks about scenes."""

    kinds: tuple[str, ...]
    talks: tuple[str, ...]


STAGES = {
    "single": Lessons(READINGS, ("points",)),
    "pairs": Lessons((*READINGS, *CHOICES, *BETWEEN, *DIFFERENCES), ("points", "steps")),
    "all": Lessons(
        (*READINGS, *CHOICES, *BETWEEN, *DIFFERENCES, *SAID, *SIZED, *(f"{pair}_classify" for pair in ASIDE)),
        ("points", "steps"),
    ),
}


def lessons_of(stage: str) -> Lessons:
    """Return what a stage asks. Raises UserError for one that is not known."""
    if stage not in STAGES:
        raise UserError(f"stage {stage!r}: unknown; choose one of {', '.join(STAGES)}")
    return STAGES[stage]
