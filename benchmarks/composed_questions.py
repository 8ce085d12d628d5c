"""How well mode geometry reads composed questions, without a language model, and how often what it then says is right.

    python benchmarks/composed_questions.py [--preset monocular] [--show seen]

Free words: questions about drawn rooms, in composed_questions.jsonl, by writers who did not know the rules; the answers
are worked out from the facts of the scenes. After the half "seen" the rules were mended, the half "blind" was measured
once. `rooms_plus`: 150 questions of that benchmark, five about each of 30 rooms. Printed of each: right, wrong, not
read, left open; and the share that is right of what was answered.

Depth is exact, or as `audit` makes it worse by a preset, told of it. Lengths and numbers count as right within 3 % or
5 mm with exact depth, else within 25 %.
"""

import argparse
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from spatialvlm import lift
from spatialvlm.audit.corrupt import PRESETS
from spatialvlm.errors import UserError
from spatialvlm.evaluate import load_definition, score
from spatialvlm.evaluate.rooms_benchmark.build import LIFTED, scalar_rooms
from spatialvlm.evaluate.rooms_benchmark.composed_questions import load_composed
from spatialvlm.pipeline.collect import open_views
from spatialvlm.reason import Desk, EndStep, reason_about
from spatialvlm.records import QA, Frame, Scene

VIEWS, SIZE = 120, (160, 120)
QUESTIONS = Path(__file__).with_suffix(".jsonl")
ROOMS, ASKED = 30, 5


def is_right(scene: Scene, asked: dict[str, Any], told: EndStep, within: float) -> bool:
    """Judge an answer in free words: lengths and numbers within a share or 5 mm, names by the thing that they mean."""
    value = asked["value"]
    match asked["form"]:
        case "yes_no":
            return told.value is value
        case "name":
            return _same(scene, str(told.value), value)
        case "order":
            said = str(told.value).split(", ")
            return len(said) == len(value) and all(_same(scene, one, other) for one, other in zip(said, value))
        case _:
            return isinstance(told.value, float) and abs(told.value - value) <= within * abs(value) + 0.005


def _same(scene: Scene, one: str, other: str) -> bool:
    try:
        return scene[one].instance.id == scene[other].instance.id
    except UserError:
        return False


def scene_of(frame: Frame, preset: str, seed: int, rules: int = 2) -> Scene:
    """Lift a frame whose depth a preset made worse, told of it."""
    chosen = PRESETS[preset]
    told = replace(chosen.told, rules=rules)
    scene = lift(chosen.corrupt(frame, np.random.default_rng([seed, 15])), told).scene
    assert scene is not None
    return scene


@cache
def _views(seed: int) -> Any:
    return open_views(VIEWS, seed=seed, size=SIZE)


def in_free_words(preset: str) -> Iterator[tuple[str, str, EndStep, bool]]:
    """Ask the questions in free words; yields their half, themselves, what was said, and whether that is right."""
    within, scenes = 0.03 if preset == "exact" else 0.25, dict[tuple[int, int], Scene]()
    for line in QUESTIONS.read_text().splitlines():
        asked = json.loads(line)
        key = (asked["seed"], asked["view"])
        if key not in scenes:
            frame = _views(asked["seed"]).read(asked["view"]).frame
            scenes[key] = scene_of(frame, preset, asked["view"])
        told = reason_about(Desk(None, scenes[key]), asked["question"], None)
        yield asked["half"], asked["question"], told, is_right(scenes[key], asked, told, within)


def of_rooms_plus(preset: str) -> Iterator[tuple[str, str, EndStep, bool]]:
    """Ask questions of rooms_plus, as `in_free_words` does."""
    definition, composed = load_definition("rooms"), load_composed()
    rooms = scalar_rooms(max(room.index for room in definition.rooms) + 1, definition.seed, definition.size, 1)
    every = len(definition.rooms) // ROOMS
    for room in definition.rooms[::every][:ROOMS]:
        frame = rooms.truth(room.index).frame
        scene = scene_of(frame, preset, room.index, LIFTED.rules)
        chosen: list[QA] = composed[frame.id]
        for qa in chosen[:: max(1, len(chosen) // ASKED)][:ASKED]:
            told = reason_about(Desk(frame, scene), qa.question, None)
            yield "rooms_plus", qa.question, told, (score(qa, told.text).value or 0.0) >= 0.5


def main() -> None:
    """Ask all questions and print what came of them."""
    reader = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    reader.add_argument("--preset", default="exact", choices=list(PRESETS))
    reader.add_argument("--show", default="", help="a set, of which to print what is not right")
    given = reader.parse_args()
    counts: dict[str, Counter[str]] = {}
    for asking in (in_free_words, of_rooms_plus):
        for name, question, told, right in asking(given.preset):
            came = "right" if right else "wrong" if told.reason == "answered" else told.reason
            counts.setdefault(name, Counter())[came] += 1
            if given.show == name and came != "right":
                print(came, question, told.text, sep=" | ")
    for name, found in counts.items():
        total, answered = sum(found.values()), found["right"] + found["wrong"]
        shares = ", ".join(f"{came} {count}" for came, count in found.most_common())
        print(f"{name}: {total} asked; {shares}; {100 * found['right'] / max(answered, 1):.1f} % of the answered right")


if __name__ == "__main__":
    main()
