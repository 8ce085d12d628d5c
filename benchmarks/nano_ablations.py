"""What each part of nano's training is worth: the same budget with one thing changed, on rooms never trained on.

    python benchmarks/nano_ablations.py nano/scenes nano/scenes_held --tokens nano/tokens --dense nano/dense \
        --out nano/ablations

Each row is stage 1 from the tower of stage 0, `--steps` steps of 8 pictures with up to 16 questions. A row that was
measured before is not trained again. Printed: pointing (names whose most attended square shows the thing), lengths
within [50, 200] and [75, 125] % of the truth by what is read, colours right, and the questions trained on.
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from spatialvlm.train.nano.answer_scores import measure_answers, measure_colours
from spatialvlm.train.nano.curriculum import READINGS
from spatialvlm.train.nano.language_stage import (
    LanguageConfig,
    LanguageLearner,
    measure_language,
    reading_of,
    train_language,
)
from spatialvlm.train.spatial_rows import AskedScenes

CHANGED: dict[str, dict[str, Any]] = {
    "as it is": {},
    "without evidence": {"evidence": 0.0},
    "vision frozen": {"tower_rate": 0.0},
    "label noise 0.1": {"label_noise": 0.1},
    "label noise 0.2": {"label_noise": 0.2},
    "label noise 0.3": {"label_noise": 0.3},
    "spatial share 50 %": {"general": 0.5},
    "spatial share 5 %": {"general": 0.95},
    "spatial share 0 %": {"general": 1.0},
    "numbers in two or three digits": {"numbers": "exact"},
}
READ = tuple(kind for kind in READINGS if kind not in ("bearing", "locate"))
COLUMNS = (
    "pointing",
    *(f"{kind}_{within}" for kind in READ for within in ("50_200", "75_125")),
    "colours",
    "questions",
)


def measured(name: str, given: argparse.Namespace) -> dict[str, float]:
    """Train a row, or go on with it, and measure it on the held-out scenes."""
    folder = given.out / name.replace(" ", "-").replace("-%", "")
    done = folder / "measured.json"
    if done.exists():
        return json.loads(done.read_text())
    config = LanguageConfig(
        steps=given.steps, precision=given.precision, measure_every=50, measured=given.scenes, **CHANGED[name]
    )
    train_language(tuple(given.data), given.held, given.tokens, given.dense, folder, config)
    tokenizer = LanguageLearner.tokenizer(given.tokens)
    learner = LanguageLearner(tokenizer, None, config, folder / "model")
    # Answers are judged as people say numbers and without noise, whatever was taught.
    plain = replace(config, label_noise=0.0, numbers=None, evidence=1.0)
    held = AskedScenes(reading_of((given.held,), plain, READ))
    found = measure_answers(learner.model, learner.processor, held, given.asked)
    found["colours"] = measure_colours(learner.model, learner.processor, held, given.asked // 2)
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    found["pointing"] = measure_language(learner, given.held, plain)["pointing"]
    found["questions"] = sum(line["questions"] for line in lines) * config.measure_every
    done.write_text(json.dumps(found))
    return found


def main() -> None:
    """Train and measure the rows, and print them as a table."""
    reader = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    reader.add_argument("data", nargs="+")
    reader.add_argument("held")
    reader.add_argument("--tokens", type=Path, required=True)
    reader.add_argument("--dense", type=Path, required=True)
    reader.add_argument("--out", type=Path, required=True)
    reader.add_argument("--steps", type=int, default=300)
    reader.add_argument("--scenes", type=int, default=96, help="held-out scenes whose pointing is measured")
    reader.add_argument("--asked", type=int, default=400, help="held-out questions that each row answers")
    reader.add_argument("--precision", default="float32")
    reader.add_argument("--only", nargs="*", default=list(CHANGED))
    given = reader.parse_args()
    torch.set_num_threads(1)
    print(" | ".join(("changed", *COLUMNS)))
    for name in given.only:
        found = measured(name, given)
        print(" | ".join((name, *(f"{found.get(column, float('nan')):.3g}" for column in COLUMNS))), flush=True)


if __name__ == "__main__":
    main()
