"""Three or more of one name, told apart by where they are: candidates of one image in, the same with captions out.

A bare name that fits three things names none of them; people say "the leftmost chair". What was merely glimpsed counts
too: the leftmost chair is left of each that anybody saw.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from spatialvlm.pipeline.detect.models.candidate import Candidate

LEAST = 3  # two are told apart where questions are phrased
MIN_SHIFT = 0.05  # of the picture's width, and half the mean width of two boxes: neighbours in a row are as far apart


def named_in_rows(candidates: Sequence[Candidate], glimpsed: Sequence[Candidate], width_px: int) -> list[Candidate]:
    """Name the ends of each row of three or more alike by their places; those between have no name.

    `glimpsed` are others in the picture, which get no name themselves.
    """
    named, every = list(candidates), [*candidates, *glimpsed]
    groups: dict[str, list[int]] = {}
    for place, one in enumerate(every):
        if one.captions:
            groups.setdefault(one.captions[0].lower(), []).append(place)
    for group in groups.values():
        if len(group) < LEAST:
            continue
        row = sorted(group, key=lambda place: _middle(every[place]))
        apart = [_apart(every[one], every[other], width_px) for one, other in pairwise(row)]
        words = {row[0]: apart[0] and "leftmost", row[-1]: apart[-1] and "rightmost"}
        for place in group:
            word, caption = words.get(place), every[place].captions[0]
            if place < len(named):
                named[place] = replace(every[place], captions=(f"{word} {caption}",) if word else ())
    return named


def _middle(candidate: Candidate) -> float:
    left, _, right, _ = candidate.box_xyxy.tolist()
    return (left + right) / 2


def _apart(one: Candidate, other: Candidate, width_px: int) -> bool:
    mean_width = sum(float(box[2] - box[0]) for box in (one.box_xyxy, other.box_xyxy)) / 2
    return abs(_middle(one) - _middle(other)) > max(MIN_SHIFT * width_px, mean_width / 2)
