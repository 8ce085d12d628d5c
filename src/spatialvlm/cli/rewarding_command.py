"""The command that turns an episode of a robot into a dense reward: `spatialvlm reward`; thin as the others."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from spatialvlm.cli.options import Device, Known, Models, Precision, RecipeName

if TYPE_CHECKING:
    from spatialvlm.models import Runtime
    from spatialvlm.reward import DatasetRewards, EpisodeReward, RewardCurve, RewardSettings

app = typer.Typer()

RewardShaping = Annotated[
    Literal["shaped", "distance", "tanh"],
    typer.Option(
        help="The difference of potentials ([bold]shaped[/]), minus the [bold]distance[/], or 1 - [bold]tanh[/]."
    ),
]

Teller = Annotated[
    Literal["geometry", "vlm", "fused"] | None,
    typer.Option(
        help="Who tells distances: the [bold]geometry[/] of depth (the default where there is any, or a recipe), "
        "a vision-language model ([bold]vlm[/]), or both, [bold]fused[/]."
    ),
]

Measured = Annotated[
    Literal["distance", "gap"],
    typer.Option(help="By geometry: the [bold]distance[/] of centers, or the [bold]gap[/] of surfaces."),
]

Episode = Annotated[
    str,
    typer.Argument(
        metavar="EPISODE",
        help="The frames of one episode, in order: a SOURCE as `build` takes it, such as a folder of images, an RGB-D "
        "folder or a video; or a LeRobot dataset, of which every episode is judged.",
    ),
]
Task = Annotated[
    str | None,
    typer.Option(
        metavar="WORDS", help="What is to be done, as 'pick up the red can'; a LeRobot dataset says it of each episode."
    ),
]
Camera = Annotated[
    str | None, typer.Option(metavar="NAME", help="Of a LeRobot dataset: the camera; by default the first one.")
]
Copy = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER",
        help="Of a LeRobot dataset: write a copy of it with [bold]next.reward[/] and [bold]next.success[/] too.",
    ),
]
Heat = Annotated[
    int | None,
    typer.Option(
        min=0, metavar="FRAME", help="Write heat_map.svg too: that frame, coloured by how far each place is to go."
    ),
]


@app.command(epilog="Example: [bold]spatialvlm reward episode/ --task 'put the red can into the box' --out reward[/]")
def reward(
    episode: Episode,
    out: Annotated[Path, typer.Option(metavar="DIR", help="The folder to write; a stopped run goes on there.")],
    task: Task = None,
    between: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar="A B", help="The two things that have to come close, whatever the task says."),
    ] = None,
    source: Teller = None,
    measure: Measured = "distance",
    vlm: Annotated[
        str | None, typer.Option(metavar="MODEL", help="Who is asked, as `answer --model` takes it; by default nano.")
    ] = None,
    samples: Annotated[int, typer.Option(min=1, max=1000, help="Answers of that model to a frame, averaged.")] = 4,
    every: Annotated[int, typer.Option(min=1, metavar="N", help="Measure every so many frames; hold the others.")] = 1,
    fps: Annotated[
        float,
        typer.Option(min=0.001, max=1000, help="Frames a second: of a video, and where a source tells no time."),
    ] = 10.0,
    sequence: Annotated[
        str | None, typer.Option(metavar="ID", help="Which one, where a source has several sequences.")
    ] = None,
    camera: Camera = None,
    moving_camera: Annotated[
        bool, typer.Option("--moving-camera", help="The camera moves, and its poses are not known.")
    ] = False,
    shaping: RewardShaping = "shaped",
    gamma: Annotated[float, typer.Option(help="The discount of shaped rewards, above 0, up to 1.")] = 1.0,
    threshold: Annotated[float, typer.Option(metavar="METRES", help="It is done within this distance.")] = 0.05,
    hold: Annotated[int, typer.Option(min=1, metavar="K", help="It is done after so many frames in a row.")] = 3,
    overlay: Annotated[bool, typer.Option("--overlay", help="Write overlay.mp4 too: names, distance, reward.")] = False,
    heat_map: Heat = None,
    copy: Copy = None,
    recipe: RecipeName = None,
    model: Models = None,
    known: Known = None,
    device: Device = "auto",
    precision: Precision = "auto",
) -> None:
    """Turn an episode and a task in words into a dense reward, frame by frame, from distances in metres with errors."""
    from spatialvlm.errors import UserError
    from spatialvlm.models import Runtime
    from spatialvlm.recipes import Overrides
    from spatialvlm.reward import RewardSettings, SuccessRule, goals_of, is_dataset, reward_episode

    if task is not None or between is not None:
        goals_of(task or "", between)  # before anything is opened
    overrides = Overrides(models=tuple(model or ()), known=tuple(known or ()))
    settings = RewardSettings(
        *(source, recipe, overrides, vlm, samples, every, fps, sequence, measure, moving_camera, shaping, gamma),
        *(SuccessRule(threshold, hold), overlay, heat_map),
    )
    runtime = Runtime(device, precision)
    if sequence is None and is_dataset(episode):
        _judge_dataset(episode, out, task, between, camera, copy, settings, runtime)
        return
    if camera is not None or copy is not None:
        raise UserError("--camera, --copy: are for a LeRobot dataset as a whole, without --sequence; leave them out")
    if task is None:
        raise UserError("--task: is missing; say what is to be done, as --task 'pick up the red can'")
    _tell(reward_episode(episode, task, out, between=between, settings=settings, runtime=runtime), out)


def _judge_dataset(
    dataset: str,
    out: Path,
    task: str | None,
    between: tuple[str, str] | None,
    camera: str | None,
    copy: Path | None,
    settings: "RewardSettings",
    runtime: "Runtime",
) -> None:
    """Judge a LeRobot dataset, copy it where that is asked for, and exit with 1 where an episode failed."""
    from spatialvlm.reward import copy_with_rewards, reward_dataset

    asked = {"task": task, "between": between, "camera": camera}
    rewards = reward_dataset(dataset, out, **asked, settings=settings, runtime=runtime, told=_tell_episode)
    _tell_dataset(rewards, out)
    if copy is not None:
        written = copy_with_rewards(dataset, copy, rewards)
        for name in written.replaced:
            print(f"warning: {name} was in the dataset already; the copy has the new one", file=sys.stderr)
        if written.unknown:
            print(f"warning: {written.unknown} of {written.rows} rows have no reward: NaN", file=sys.stderr)
        print(f"copy with next.reward and next.success: {written.folder}", file=sys.stderr)
    if rewards.failed:
        raise typer.Exit(1)


def _tell_episode(episode: "EpisodeReward") -> None:
    """Print what came out of an episode, as soon as it is known."""
    if episode.remark:
        print(f"warning: episode {episode.number}: {episode.remark}", file=sys.stderr)
    if episode.curve is None:
        print(f"error: episode {episode.number}: {episode.why}", file=sys.stderr)
        return
    for warning in episode.curve.warnings:
        print(f"warning: episode {episode.number}: {warning}", file=sys.stderr)
    last, ended = episode.curve.points[-1], "done" if episode.curve.succeeded else "not done"
    told = f"{last.distance_m:.3g} ± {last.sigma_m:.2g} m at last, {ended}; {', '.join(_counted(episode.curve))}"
    print(f"episode {episode.number}: {episode.task}: {told}")


def _tell_dataset(rewards: "DatasetRewards", out: Path) -> None:
    """Print the counts of all episodes, and where it is."""
    done = sum(one.curve is not None and one.curve.succeeded for one in rewards.episodes)
    failed = ", ".join(str(one.number) for one in rewards.failed)
    ended = f"{len(rewards.failed)} failed (episode {failed})" if failed else "none failed"
    judged = len(rewards.episodes) - len(rewards.failed)
    print(f"{len(rewards.episodes)} episodes by {rewards.camera}: {judged} judged, {done} done, {ended}")
    print(f"rewards: {out}/reward.parquet, reward.json, episode-*/", file=sys.stderr)


def _tell(curve: "RewardCurve", out: Path) -> None:
    """Print what came out, and where it is."""
    for warning in curve.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    first, last = curve.points[0], curve.points[-1]
    goals = ", then ".join(str(goal) for goal in curve.goals)
    print(f"{goals}: {first.distance_m:.3g} m at first, {last.distance_m:.3g} ± {last.sigma_m:.2g} m at last")
    print(f"{'done' if curve.succeeded else 'not done'}; frames: {', '.join(_counted(curve))}")
    print(f"reward: {out}/reward.json, reward.parquet, curve.svg", file=sys.stderr)


def _counted(curve: "RewardCurve") -> list[str]:
    return [f"{count} {name.replace('_', ' ')}" for name, count in curve.counts.items() if count]
