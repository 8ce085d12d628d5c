"""The command that measures rewards: `spatialvlm reward-bench`; thin as the others."""

from pathlib import Path
from typing import Annotated

import typer

from spatialvlm.cli.options import Size

app = typer.Typer()


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
            help="Who tells the distances, separated by commas: [bold]geometry[/], [bold]clock[/], [bold]random[/], or "
            "a model as `answer` takes it, such as [bold]nano[/].",
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
