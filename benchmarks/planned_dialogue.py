"""What planning is worth to a model that sees: composed questions asked directly, and through mode dialogue.

    python benchmarks/planned_dialogue.py [--vlm nano] [--asked 150]

The planner is perfect: a server of OpenAI's protocol that asks for exactly the lengths that the rules of mode geometry
need, and computes with what it is told as if that were exact. It does not see the picture. The questions are those of
composed_questions.jsonl that the rules read. Figures count as right within 25 %.
"""

import argparse
import json
import sys
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).parent))

from composed_questions import QUESTIONS, SIZE, VIEWS, is_right
from fixtures.models.scripted_llm import Body, says, scripted_llm
from spatialvlm import lift
from spatialvlm.answers import Choice, Length, YesNo
from spatialvlm.evaluate import read_answer
from spatialvlm.models import load_vlm, parse_model
from spatialvlm.pipeline.collect import open_views
from spatialvlm.reason import Desk, EndStep, reason_about
from spatialvlm.records import Frame, Scene

WITHIN = 0.25
BLANK = Frame.of(np.zeros((8, 8, 3), np.uint8), id="unseen")


class Asks(Exception):
    """The planner has to ask something first."""


def plan(question: str, told: dict[str, str]) -> str:
    """Return the next line of the planner: a question to the friend, or the answer."""

    def friend(asked: str) -> str:
        if asked not in told:
            raise Asks(asked)
        return told[asked]

    try:
        end = reason_about(Desk(BLANK, None, friend, vlm_error=1e-6), question, None)
    except Asks as asks:
        return f"Ask: {asks}"
    value = "yes" if end.value is True else "no" if end.value is False else str(end.value)
    unit = f" {end.unit}" if end.unit else ""
    return f"Answer: {value}{unit}" if end.reason == "answered" else "Answer: it can't be told"


def planner(body: Body) -> Body:
    """Answer a request of the dialogue."""
    question, told, asked = "", dict[str, str](), ""
    for message in body["messages"][1:]:
        words = str(message["content"])
        if words.startswith("Puzzle: "):
            question = words.removeprefix("Puzzle: ")
        elif message["role"] == "assistant":
            asked = words.removeprefix("Ask: ")
        else:
            told[asked] = words.removeprefix("Friend: ")
    return says(plan(question, told))


def judged(scene: Scene, asked: dict[str, Any], reply: str) -> str:
    """Judge a reply in words as `is_right` judges a value."""
    if "can't be told" in reply:
        return "left open"
    value = read_answer(asked["question"], reply)
    match value:
        case Length(metres):
            said: Any = metres
        case YesNo(yes):
            said = yes
        case Choice() as choice:
            said = choice.chosen
        case _:
            said = reply.strip(" .")
    if asked["form"] in ("length", "number") and isinstance(said, str):
        numbers = [float(word) for word in said.replace(",", " ").split() if word.replace(".", "", 1).isdigit()]
        said = numbers[0] if numbers else said
    return "right" if is_right(scene, asked, EndStep("answered", reply, value=said), WITHIN) else "wrong"


def main() -> None:
    """Ask in both ways and print the shares."""
    reader = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    reader.add_argument("--vlm", default="nano")
    reader.add_argument("--asked", type=int, default=150)
    given = reader.parse_args()
    vlm = load_vlm(parse_model(given.vlm))
    counts: dict[tuple[str, str], Counter[str]] = {}
    lines = [json.loads(line) for line in QUESTIONS.read_text().splitlines()]
    opened = {seed: open_views(VIEWS, seed=seed, size=SIZE) for seed in {line["seed"] for line in lines}}
    done = 0
    with scripted_llm([planner]) as llm:
        for asked in reversed(lines):
            if done == given.asked:
                break
            frame = opened[asked["seed"]].read(asked["view"]).frame
            assert frame is not None
            scene = lift(frame).scene
            assert scene is not None
            if not reason_about(Desk(None, scene), asked["question"], None).done:
                continue
            done += 1
            ask = partial(vlm.answer, [frame.image])
            through = reason_about(Desk(frame, None, ask), asked["question"], llm.address, "dialogue")
            for way, reply in (("directly", ask(asked["question"])), ("through dialogue", through.text)):
                counts.setdefault((way, asked["form"]), Counter())[judged(scene, asked, reply)] += 1
    for (way, form), found in sorted(counts.items()):
        print(f"{way}, {form}: " + ", ".join(f"{name} {count}" for name, count in found.most_common()))
    for way in ("directly", "through dialogue"):
        found = sum((one for (name, _), one in counts.items() if name == way), Counter[str]())
        print(f"{way}: {100 * found['right'] / found.total():.0f} % of {found.total()} right")


if __name__ == "__main__":
    main()
