"""How well answers are parsed, and how fast they are scored: python benchmarks/answers.py [--facts 100000]

Parsing: the hand-written answers of tests/evaluate/parsing, and what our own phrasing says of random facts. Speed:
10,000 answers of all forms, of all lengths, read and scored by both parsers, the median of some runs; 10,000 rewards
of rows of all kinds in our own words; and the figures with their bootstrap intervals. One process, one core.
"""

import argparse
import csv
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.append(str(Path(__file__).parents[1] / "tests"))
from fixtures.evaluate.own_questions import outcomes, said
from spatialvlm.answers import Answer, Choice, Clock, Count, Length, YesNo, answer_to_text
from spatialvlm.evaluate.items import AnswerReading, Item
from spatialvlm.evaluate.metrics.bootstrap import mean_interval
from spatialvlm.evaluate.parsing.length_answers import parse_length
from spatialvlm.evaluate.row_reward import spatial_reward
from spatialvlm.evaluate.scoring import score_item
from spatialvlm.evaluate.tasks import load_task
from spatialvlm.kinds import KINDS
from spatialvlm.pipeline.phrase import load_sheet
from spatialvlm.quantities import speak

TABLES = Path(__file__).parents[1] / "tests" / "evaluate" / "parsing"
SAID = (
    "1.2 m",
    "The distance between Region [0] and Region [1] is approximately 1.98 meters (6.5 feet).",
    "\\boxed{B}",
    "Yes, the mug is to the left of the bowl.",
    "Based on a typical door height of 2 m, the shelf is about 1.8 m tall. So my estimate is 1.8 meters.",
    '{"answer": "120 cm", "confidence": 0.7}',
    "I can't determine the distance from a single image without a reference.",
    "(A) behind. The chair stands further back than the table, which is closer to the camera.",
    "<think>The lamp is 2 m away, the chair 3 m.</think> about one and a half meters",
    "There are 3 chairs.",
)
TRUTHS: tuple[Answer, ...] = (Length(1.2), Choice(("left", "right"), 1), YesNo(True), Count(3), Clock(3))
ABOUT = AnswerReading(relation=("the mug", "the bowl", "left", "right"))
THINGS = ["mug", "bowl", "lamp", "chair", "sofa", "table", "cabinet", "box", "plant", "monitor", "keyboard", "bottle"]
COLOURS = ["red", "blue", "green", "white", "black", "grey", "wooden", "small", "large", "tall", "round", "old"]
GENERATIONS = 8
"""Completions of one prompt, as GRPO asks for them."""


def table_share(name: str) -> tuple[int, int]:
    """Count the lengths of a table that are read as its writer says, and all of them."""
    lines = (TABLES / name).read_text(encoding="utf-8").splitlines()
    start = next(place for place, line in enumerate(lines) if line.startswith("answer\t"))
    rows = list(csv.DictReader(lines[start:], delimiter="\t", quoting=csv.QUOTE_NONE))
    return sum(_is_right(row) for row in rows), len(rows)


def _is_right(row: dict[str, str]) -> bool:
    answer = row["answer"].encode("raw_unicode_escape", "backslashreplace").decode("unicode_escape", "surrogatepass")
    said = parse_length(answer, row["unit"] or None)
    match row["metres"]:
        case "none":
            return said.value is None and not said.refused
        case "refused":
            return said.value is None and said.refused
        case "unread":
            return said.value is None
        case metres:
            return isinstance(said.value, float) and abs(said.value - float(metres)) <= 1e-6 * max(float(metres), 1e-9)


def own_phrasing(count: int) -> int:
    """Count the lengths said by our own phrasing that are read as they were said."""
    rng = np.random.default_rng(0)
    kinds = [name for name, kind in KINDS.items() if isinstance(kind.answer(("a", "b"), 1.0, 1), Length)]
    sheets = [load_sheet(name) for name in kinds]
    values = np.exp(rng.uniform(np.log(0.01), np.log(50.0), count)).tolist()
    right = 0
    for place, (value, draw) in enumerate(zip(values, rng.random((count, 6)).tolist())):
        spoken = speak(value, value * 0.2 * draw[0], draw[1:4])
        fills = {"A": "the 7 up can", "B": "the two-door wardrobe", "P": "the floor", "N": spoken.text}
        answer = sheets[place % len(sheets)].answer("answer", draw[4], short=draw[5] < 0.5).fill(fills)
        read = parse_length(answer).value
        right += read is not None and abs(float(str(read)) - spoken.value_m) < 1e-9
    return right


def own_rows(count: int) -> dict[str, Any]:
    """Make rows of all kinds with completions in our own words, some of each question, as a trainer has them."""
    rng = np.random.default_rng(0)
    wanted = [(kind, *found) for kind in KINDS.values() for found in outcomes(kind)]
    rows: dict[str, list[Any]] = {name: [] for name in ("completions", "value", "kind", "names", "asked_unit")}
    while len(rows["kind"]) < count:
        kind, number, outcome = wanted[int(rng.integers(len(wanted)))]
        things = rng.choice(THINGS, 4, replace=False)
        names = tuple(f"the {colour} {thing}" for colour, thing in zip(rng.choice(COLOURS, 4), things))
        answers = list(said(kind, names, number, outcome))
        for place in rng.integers(len(answers), size=GENERATIONS).tolist():
            qa = answers[place]
            told = ([{"role": "assistant", "content": qa.answer}], answer_to_text(qa.value), qa.kind, list(qa.names))
            for column, cell in zip(rows.values(), (*told, qa.unit)):
                column.append(cell)
    return {name: column[:count] for name, column in rows.items()}


def seconds_of(work: Callable[[], object], runs: int = 5) -> float:
    """Return the median time of some runs."""
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def main() -> None:
    """Run from the command line: the tables, the phrasing, the speed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--facts", type=int, default=100_000, help="answers of our own phrasing")
    options = parser.parse_args()
    for name in ("answers.tsv", "blind.tsv", "unseen.tsv"):
        right, count = table_share(name)
        print(f"{name:12} {right} of {count} read right, {right / count:.1%}")
    print(f"our own phrasing: {own_phrasing(options.facts)} of {options.facts} read right")
    official = load_task("qspatial").official
    items = [Item(str(n), "kind", "?", "?", (), TRUTHS[n % len(TRUTHS)], {}, ABOUT) for n in range(10_000)]
    answers = [SAID[n * 7 % len(SAID)] for n in range(10_000)]
    robust = seconds_of(lambda: [score_item(item, answer) for item, answer in zip(items, answers)])
    lengths = [item for item in items if isinstance(item.truth, Length)] * 5
    both = seconds_of(lambda: [score_item(item, answer, official) for item, answer in zip(lengths, answers)])
    rows = own_rows(10_000)
    began = time.perf_counter()
    rewards = spatial_reward(**rows)
    rewarded = time.perf_counter() - began  # once: a second time all names are known
    values = np.random.default_rng(0).random(10_000)
    print(f"10,000 answers of all forms read and scored: {robust:.2f} s")
    print(f"10,000 answers to lengths by both parsers:   {both:.2f} s")
    print(f"10,000 rewards of rows in our own words:     {rewarded:.2f} s, {rewards.count(1.0) / 10_000:.2%} are 1")
    print(f"interval of their mean:                      {seconds_of(lambda: mean_interval(values)):.2f} s")


if __name__ == "__main__":
    main()
