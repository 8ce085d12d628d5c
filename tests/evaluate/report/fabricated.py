"""Runs made up for tests: questions of all forms, answers as models write them, scored by the real parser."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from spatialvlm.evaluate.items import Choice, Clock, Item, Length, Number, Region, Truth, YesNo
from spatialvlm.evaluate.results import Run, TaskRun, write_run, write_scored
from spatialvlm.evaluate.scoring import PARSER, Scored, score
from spatialvlm.evaluate.tasks import Task
from spatialvlm.records import Score

PROMPT_SHA = "9f2c" * 16
SQUARE = ((0.25, 0.25), (0.75, 0.25), (0.75, 0.75), (0.25, 0.75))


def nothing(_folder):
    return iter(())


def first_word(item: Item, answer: str) -> Score:
    """An official rule that is stricter than ours: the first word has to be it."""
    word = answer.split(" ")[0].strip(".,()").lower() if answer else ""
    match item.truth:
        case Choice(right=right):
            wanted = "abcdefgh"[right]
        case YesNo(right=right):
            wanted = "yes" if right else "no"
        case Length(metres=metres):
            said = float(word) if word.replace(".", "", 1).isdigit() else None
            return Score(float(said is not None and 0.5 < said / metres < 2.0), word, "the first word as metres")
        case _:
            wanted = ""
    return Score(float(word == wanted), word or None, "the first word")


def mean_of_kinds(scored: Sequence[Scored], values: Sequence[float]) -> dict[str, float]:
    by_kind: dict[str, list[float]] = {}
    for one, value in zip(scored, values, strict=True):
        by_kind.setdefault(one.item.kind, []).append(value)
    return {"mean of kinds": float(np.mean([np.mean(found) for found in by_kind.values()]))}


LENGTHS = Task("lengths", "lengths in rooms", None, nothing, first_word, mean_of_kinds, "CC-BY-4.0", "made up")
MIXED = Task("mixed", "all forms of truth", None, nothing, None, None, "CC0-1.0", "made up")
LETTERS = Task("letters", "options by letter", None, nothing, first_word, None, "CC-BY-4.0", "made up")
TASKS = {task.name: task for task in (LENGTHS, MIXED, LETTERS)}


def item(
    name: str, truth: Truth, kind: str = "distance", picture: Path | None = None, question: str = "How far?"
) -> Item:
    return Item(name, kind, question, f"{question}\nAnswer.", () if picture is None else (picture,), truth, {})


def scored_lengths(count: int, seed: int = 0, skill: float = 0.35, pictures: Sequence[Path] = ()) -> list[Scored]:
    """Lengths, with errors of `skill` in the logarithm, some with a stated error, some unread, refused or missing."""
    chance = np.random.default_rng([seed, 1])
    questions = np.random.default_rng([0, 1])
    found = []
    for place in range(count):
        kind = ("distance", "height", "gap between surfaces")[questions.integers(3)]
        true = round(float(np.exp(questions.normal(0.3, 0.9))), 3)
        names = questions.choice(
            ["mug", "sofa", "lamp & shade", "floor <lamp>", "bookshelf", "laptop"], 2, replace=False
        )
        said = true * float(np.exp(chance.normal(0.05, skill * (0.6 + 0.3 * true))))
        question = f"How far is the {names[0]} from the {names[1]}?"
        picture = pictures[place // 3 % len(pictures)] if pictures else None
        one = item(f"room/{place:05d}", Length(true), kind, picture, question)
        found.append(score(one, _length_said(said, chance), first_word, truncated=bool(chance.random() < 0.01)))
    return found


def _length_said(said: float, chance: np.random.Generator) -> str | None:
    sigma = said * float(chance.uniform(0.1, 0.5))
    forms = [
        f"{said:.2f} m",
        f"The distance is approximately {said:.2f} meters.",
        f"About {said / 0.3048:.1f} feet, so roughly {said:.2f} m.",
        f"<think>The sofa is 2 m wide.</think>{said * 100:.0f} cm",
        f"{said:.2f} m ± {sigma:.2f} m",
        f"I'd say {said:.2f} ± {sigma:.2f} m. Confidence: {chance.integers(30, 96)} %",
        "I cannot determine the distance from a single image.",
        "It is quite close to <b>the sofa</b> & hard by.",
        "",
        None,
    ]
    shares = [0.18, 0.24, 0.1, 0.08, 0.16, 0.14, 0.04, 0.03, 0.02, 0.01]
    return forms[chance.choice(len(forms), p=shares)]


def scored_letters(count: int, seed: int = 0, skill: float = 0.6, pictures: Sequence[Path] = ()) -> list[Scored]:
    """Questions with four options and yes or no."""
    chance, questions = np.random.default_rng([seed, 2]), np.random.default_rng([0, 2])
    found = []
    for place in range(count):
        picture = pictures[place // 2 % len(pictures)] if pictures else None
        right = int(questions.integers(4))
        said = right if chance.random() < skill else int(chance.integers(4))
        if place % 3:
            truth: Truth = Choice(("left", "right", "above", "below"), right)
            kind, question = ("relation", "depth order")[place % 2], "Where is the cup as seen from the bowl?"
            answer = [f"{'ABCD'[said]}", f"({'ABCD'[said]})", f"Answer: {'ABCD'[said]}", "It could be either."]
        else:
            truth, kind, question = YesNo(right % 2 == 0), "predicate", "Is the cup left of the bowl?"
            answer = ["Yes" if said % 2 == 0 else "No", "Yes." if said % 2 == 0 else "No.", "True", "Perhaps"]
        text = answer[chance.choice(4, p=[0.5, 0.25, 0.15, 0.1])]
        found.append(score(item(f"{place}", truth, kind, picture, question), text, first_word))
    return found


def scored_mixed(count: int, seed: int = 0, pictures: Sequence[Path] = ()) -> list[Scored]:
    """Numbers, hours, places and options in turn, without an official rule."""
    chance, questions = np.random.default_rng([seed, 3]), np.random.default_rng([0, 3])
    found = []
    for place in range(count):
        picture = pictures[place % len(pictures)] if pictures else None
        form = place % 4
        if form == 0:
            number = int(questions.integers(1, 12))
            truth: Truth = Number(float(number))
            said = f"There are {max(0, number + int(chance.integers(-2, 3)))} chairs."
        elif form == 1:
            hour = int(questions.integers(1, 13))
            truth, said = Clock(hour), f"{(hour + int(chance.integers(0, 4)) - 1) % 12 + 1} o'clock"
        elif form == 2:
            x, y = chance.uniform(0.1, 0.9, 2)
            truth, said = Region(SQUARE), f"({x:.3f}, {y:.3f}), (0.5, 0.5)"
        else:
            truth, said = Choice(("the mug", "the bowl"), int(questions.integers(2))), "Confidence: 0.7. The mug."
        kind = ("count", "direction", "free space", "which one")[form]
        asks = ("How many chairs?", "At which hour?", "Point at free space.", "Which is taller?")[form]
        found.append(score(item(f"m{place}", truth, kind, picture, asks), said))
    return found


def make_pictures(folder: Path, count: int) -> list[Path]:
    """Small pictures in the folder of a run."""
    (folder / "pictures").mkdir(parents=True, exist_ok=True)
    paths = []
    for place in range(count):
        image = np.full((120, 160, 3), (place * 40 % 200 + 40, 120, 200 - place * 30 % 160), np.uint8)
        cv2.circle(image, (40 + place * 12 % 90, 60), 24, (240, 240, 240), -1)
        cv2.putText(image, str(place), (60, 70), cv2.FONT_HERSHEY_SIMPLEX, 1.0, (20, 20, 20), 2)
        paths.append(folder / "pictures" / f"{place}.png")
        cv2.imwrite(str(paths[-1]), image)
    return paths


def write_results(
    folder: Path, scored: dict[str, Sequence[Scored]], model: str = "example/model-7b", **changes
) -> Path:
    """A run's folder with these tasks."""
    tasks = []
    for name, found in scored.items():
        fields = {
            "task": name,
            "data": "17b92e470d58fa46859ebd48ff35a1669828c9be",
            "items": len(found),
            "limit": None,
            "prompt_sha256": PROMPT_SHA,
            "parser": PARSER,
            "official": TASKS[name].official is not None,
            "track": "image",
            "licence": TASKS[name].licence,
        }
        tasks.append(TaskRun(**(fields | changes)))
        write_scored(folder, name, found)
    write_run(folder, Run(model, "2026-08-01", {"temperature": 0.0, "max_tokens": 512}, tuple(tasks)))
    return folder
