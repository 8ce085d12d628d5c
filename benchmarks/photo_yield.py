"""Where do the questions of photos go? Each folder of photos stage by stage, and every question with its answer.

    python benchmarks/photo_yield.py PHOTOS... [--recipe laptop] [--model ROLE=BACKEND:WEIGHTS] [--depth-errors FILE]
        [--score 0.5] [--mix all] [--questions]

Of each photo: boxes that the detector is sure of, those that got a mask, those lifted, those with a name, whether up is
known, the facts that hold and can be said, and the questions. Then what could not be asked, by reason: of a comparison
that two kinds share each pair counts once a kind.
"""

import argparse
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.table import Table

from spatialvlm.models import Runtime
from spatialvlm.pipeline.collect import open_source
from spatialvlm.pipeline.detect.models.box_detectors import load_box_detector
from spatialvlm.pipeline.detect.models.nms import box_nms
from spatialvlm.pipeline.phrase import Phrase, references_of
from spatialvlm.recipes import Overrides, Recipe, recipe_for
from spatialvlm.records import Sample

STAGES = ("photo", "boxes", "masks", "lifted", "named", "up", "facts", "sayable", "asked")


def yielded(recipe: Recipe, runtime: Runtime) -> Iterable[tuple[Sample, tuple[str | int, ...]]]:
    """Take each photo of the recipe's source through its stages: the sample, and a row of the table of STAGES."""
    assert recipe.detect.detect is not None
    detector = load_box_detector(recipe.detect.detect, recipe.detect, runtime)
    phrase = Phrase(recipe.phrase, recipe.seed)
    stages = recipe.stages(runtime)
    collect = stages[0]
    for index in range(len(open_source(recipe.source))):
        (sample,) = collect([Sample(index)])
        frame = sample.frame
        if frame is None:
            continue
        boxes = box_nms(detector([frame])[0], recipe.detect)
        masks = 0
        for stage in stages[1:]:
            (sample,) = stage([sample])
            if stage.name == "detect" and sample.frame is not None:
                masks = len(sample.frame.instances or ())
        lifted = named = facts = sayable = 0
        up = ""
        if sample.scene is not None and sample.facts is not None:
            lifted, up = len(sample.scene.objects), sample.scene.gravity or "unknown"
            named = sum(reference.phrase is not None for reference in references_of(sample.scene))
            asked = set(recipe.phrase.asked)
            facts = sum(fact.kind in asked for fact in sample.facts)
            sayable = len(phrase.prepare(sample.scene, sample.facts).rows)
        yield sample, (frame.id, len(boxes), masks, lifted, named, up, facts, sayable, len(sample.questions))


def report(source: str, rows: list[tuple[Sample, tuple[str | int, ...]]], console: Console, *, questions: bool) -> None:
    """Print the table of a folder, what was refused of it, and the questions."""
    table = Table(*STAGES, title=source)
    for _, row in rows:
        table.add_row(*map(str, row))
    numbers = [[cell for cell in column if isinstance(cell, int)] for column in zip(*(row for _, row in rows))]
    sums = [sum(column) if column else "" for column in numbers[1:]]
    table.add_row("in all", *(str(one) for one in sums), style="bold")
    console.print(table)
    refused: Counter[str] = Counter()
    for sample, _ in rows:
        for (kind, reason), count in sample.refusals.items():
            refused[f"{reason}"] += count if kind != "reference" else 0
    console.print(", ".join(f"{reason} {count}" for reason, count in refused.most_common()))
    for sample, row in rows:
        for drop in sample.drops:
            console.print(f"{row[0]}: {drop.stage}: {drop.reason}", markup=False)
        if questions:
            for qa in sample.questions:
                console.print(f"{row[0]} | {qa.kind} | {qa.question} | {qa.answer}", markup=False)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", nargs="+", help="folders of photos")
    parser.add_argument("--recipe", default="laptop")
    parser.add_argument("--model", action="append", default=[])
    parser.add_argument("--depth-errors", type=Path)
    parser.add_argument("--score", type=float, help="of boxes, by default the detector's own")
    parser.add_argument("--mix", choices=("paper", "all", "photo"), help="of kinds, by default the recipe's")
    parser.add_argument("--questions", action="store_true", help="print them")
    options = parser.parse_args()
    overrides, console = Overrides(tuple(options.model), depth_errors=options.depth_errors), Console(width=200)
    for source in options.photos:
        recipe = recipe_for(source, options.recipe, overrides)
        if options.mix is not None:
            recipe = replace(recipe, phrase=replace(recipe.phrase, mix=options.mix))
        if options.score is not None:
            recipe = replace(recipe, detect=replace(recipe.detect, score_threshold=options.score))
        report(source, list(yielded(recipe, Runtime(device="cpu"))), console, questions=options.questions)


if __name__ == "__main__":
    main()
