"""The commands of evaluation: `spatialvlm evaluate | compare | items | annotate | reward-bench`; thin as the others."""

from pathlib import Path
from typing import Annotated

import typer

from spatialvlm.cli.options import BatchSize, Device, Precision, Size, Source
from spatialvlm.evaluate import TASKS

app = typer.Typer()

TASK_NAMES = ", ".join(TASKS)
Data = Annotated[
    list[str] | None,
    typer.Option(
        metavar="TASK=PATH",
        help="A local copy of a task's data, in the layout of its hub repository. Can be repeated.",
    ),
]


@app.command(epilog="Example: [bold]spatialvlm evaluate geometry --task rooms --out results[/]")
def evaluate(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL",
            help="Who answers: [bold]nano[/], the small model of this package; a model of inspect_ai "
            "([bold]openai-api/local/NAME[/], [bold]vllm/NAME[/], ...); [bold]transformers:WEIGHTS[/], "
            "[bold]blind:MODEL[/], [bold]shuffled:MODEL[/], [bold]prior[:DATA][/], [bold]geometry[:DATASET][/], or "
            "[bold]answers:FILE[/].",
        ),
    ],
    task: Annotated[str, typer.Option(metavar="TASKS", help=f"Which benchmarks, separated by commas: {TASK_NAMES}.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="The folder to write; a stopped run goes on there.")],
    data: Data = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Take only the first so many items of each task.")] = None,
    base_url: Annotated[
        str | None, typer.Option(metavar="URL", help="Where a server listens, as in http://localhost:8000/v1.")
    ] = None,
    max_tokens: Annotated[
        int, typer.Option(min=1, help="The longest answer; what is longer counts as cut off.")
    ] = 1024,
    at_once: Annotated[int, typer.Option(min=1, help="Requests side by side.")] = 8,
    timeout: Annotated[int, typer.Option(min=1, metavar="SECONDS", help="How long one request may take.")] = 120,
    retries: Annotated[int, typer.Option(min=0, help="How often a request is tried again.")] = 6,
    coordinates: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="What numbers of places count in: [bold]shares[/], [bold]percent[/], [bold]thousandths[/], "
            "[bold]pixels[/], or [bold]1024x768[/], pixels of a picture of that size. Else all answers together tell.",
        ),
    ] = None,
    device: Device = "auto",
    precision: Precision = "auto",
    batch_size: BatchSize = 8,
) -> None:
    """Score a model on spatial benchmarks, without a judge: a table with intervals, and a page with plots."""
    from spatialvlm.evaluate import AskConfig, evaluate_with_progress
    from spatialvlm.models import Runtime

    runtime = Runtime(device, precision, batch_size)
    config = AskConfig(max_tokens, at_once, timeout, retries, base_url, runtime)
    names = [name.strip() for name in task.split(",") if name.strip()]
    evaluate_with_progress(model, names, out, data or [], limit, config, coordinates)


@app.command(epilog="Example: [bold]spatialvlm compare results_a results_b[/]")
def compare(
    first: Annotated[Path, typer.Argument(metavar="A", help="A folder that `evaluate` wrote.")],
    second: Annotated[Path, typer.Argument(metavar="B", help="Another one, with a task in common.")],
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="A page to write besides.")] = None,
) -> None:
    """Compare two models on the items that both answered: paired differences with 95 % intervals."""
    from spatialvlm.evaluate import compare_on_console

    compare_on_console(first, second, out)


@app.command(epilog="Example: [bold]spatialvlm items rooms --to tsv --out rooms.tsv[/]")
def items(
    task: Annotated[str, typer.Argument(metavar="TASK", help=f"One of {TASK_NAMES}.")],
    to: Annotated[str, typer.Option(help="[bold]tsv[/] (VLMEvalKit) or [bold]parquet[/] (lmms-eval, datasets).")],
    out: Annotated[Path, typer.Option(metavar="PATH", help="The TSV file, or the folder for Parquet.")],
    data: Data = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Take only the first so many items.")] = None,
) -> None:
    """Write the items of a task for another evaluation harness, with pictures, prompts and truth."""
    from spatialvlm.evaluate import write_items

    count = write_items(task, to, out, data or [], limit)
    print(f"{count} items: {out}")


@app.command(epilog="Example: [bold]spatialvlm annotate photos/ --out human.jsonl --annotator anna[/]")
def annotate(
    source: Source,
    out: Annotated[Path, typer.Option(metavar="FILE", help="The JSON lines to write; annotating goes on there.")],
    annotator: Annotated[
        str | None, typer.Option(metavar="NAME", help="Who answers; without it the page asks for a name.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Decides which questions are proposed.")] = 0,
    limit: Annotated[int | None, typer.Option(min=1, help="Take only the first so many images.")] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Where the page listens; 0 takes any free port.")] = 8765,
    agreement: Annotated[bool, typer.Option("--agreement", help="Only print how far annotators agree.")] = False,
) -> None:
    """Let people answer questions about pictures on a local page, as human truth for `evaluate`."""
    if agreement:
        from spatialvlm.annotate import agreement_report

        print(agreement_report(out))
        return
    from spatialvlm.annotate import run_annotation

    run_annotation(source, out, annotator=annotator, seed=seed, limit=limit, port=port)


@app.command(
    "reward-bench",
    epilog="Example: [bold]spatialvlm reward-bench --out reward_bench --sources geometry,clock,random,nano[/]",
)
def reward_bench(
    out: Annotated[Path, typer.Option(metavar="DIR", help="The folder to write; a stopped run goes on there.")],
    episodes: Annotated[
        int, typer.Option(min=1, max=1000, help="Successes, as many failures, and as many played backwards.")
    ] = 10,
    frames: Annotated[int, typer.Option(min=2, max=1000, help="Pictures of each episode, evenly in time.")] = 20,
    sources: Annotated[
        str,
        typer.Option(
            metavar="NAMES",
            help="Who tells the distances, separated by commas: [bold]geometry[/], "
            "[bold]geometry-noisy[/], [bold]geometry-frames[/], [bold]clock[/], [bold]random[/], a model as `answer` "
            "takes it, such as [bold]nano[/], or one that tells progress, [bold]gvl:nano[/], [bold]topreward:nano[/].",
        ),
    ] = "geometry,clock,random",
    size: Size = "320x240",
    seed: Annotated[int, typer.Option(min=0, help="Decides where things are.")] = 0,
) -> None:
    """Measure how well distances as a robot's reward follow the truth, on simulated episodes that succeed and fail."""
    from spatialvlm.pipeline.collect import parse_size
    from spatialvlm.reward_bench import RewardBenchConfig, reward_bench_on_console

    config = RewardBenchConfig(episodes, frames, parse_size(size), seed)
    reward_bench_on_console(out, [name.strip() for name in sources.split(",")], config)
