"""How well mode geometry reads composed questions in free words, without a language model.

    python benchmarks/composed_questions.py [--show]

173 questions about drawn rooms with exact depth, in composed_questions.jsonl, by a writer who did not know the rules;
the answers are worked out from the facts of the scenes. Of the half "seen" the rules were mended after a first
measurement, of the half "blind" they were not, but for
one rule, "which is closer to the camera", that came later. Printed of each half: right, wrong, not read, left open.
"""

import argparse
import json
from collections import Counter
from pathlib import Path
from typing import Any

from spatialvlm import lift
from spatialvlm.errors import UserError
from spatialvlm.pipeline.collect import open_views
from spatialvlm.reason import Desk, EndStep, reason_about
from spatialvlm.records import Scene

SEED, VIEWS, SIZE = 9001, 120, (160, 120)
QUESTIONS = Path(__file__).with_suffix(".jsonl")


def is_right(scene: Scene, asked: dict[str, Any], told: EndStep) -> bool:
    """Judge an answer: lengths and numbers within 3 % or 5 mm, names by the thing that they mean."""
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
            return isinstance(told.value, float) and abs(told.value - value) <= 0.03 * abs(value) + 0.005


def _same(scene: Scene, one: str, other: str) -> bool:
    try:
        return scene[one].instance.id == scene[other].instance.id
    except UserError:
        return False


def main() -> None:
    """Ask all questions and print what came of them."""
    reader = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    reader.add_argument("--show", action="store_true", help="print what is not right")
    given = reader.parse_args()
    source, scenes = open_views(VIEWS, seed=SEED, size=SIZE), dict[int, Scene]()
    counts: dict[str, Counter[str]] = {"seen": Counter(), "blind": Counter()}
    for line in QUESTIONS.read_text().splitlines():
        asked = json.loads(line)
        if asked["view"] not in scenes:
            frame = source.read(asked["view"]).frame
            assert frame is not None
            scene = lift(frame).scene
            assert scene is not None
            scenes[asked["view"]] = scene
        scene = scenes[asked["view"]]
        told = reason_about(Desk(None, scene), asked["question"], None)
        came = told.reason if told.reason != "answered" else "right" if is_right(scene, asked, told) else "wrong"
        counts[asked["half"]][came] += 1
        if given.show and came != "right":
            print(came, asked["type"], asked["question"], told.value, asked["value"], sep=" | ")
    for half, found in counts.items():
        total = sum(found.values())
        print(half, *(f"{name} {100 * count / total:.0f} %" for name, count in found.most_common()), f"of {total}")


if __name__ == "__main__":
    main()
