"""Two real robot clips: the progress that a model's distances tell, beside that of a published reward model.

    python benchmarks/robot_clips.py [--clips ../shared/assets/robot-clips] [--vlm nano] [--samples 16] [--out FOLDER]

The clips and the curves come with robometer (c7f38e2): a Jaco arm picks up a green cup, another one puts a green stick
into a brown bowl; the curves are no truth, but what that model says. Frames are taken three times a second, as there.
Written for each clip: all that `spatialvlm reward` writes, and one picture of both curves over the clip. Printed: the
rank correlation (Spearman) of the two over the samples of the published curve, with the share of random orders that
reach as much (two-sided), the same of a clock, and how far the model's own distances go.
"""

import argparse
import math
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"):
    os.environ.setdefault(_name, "1")

import numpy as np
from scipy.stats import rankdata

from spatialvlm.page import WIDE, Curve, Dots, Label, Markup, element, linear, plot
from spatialvlm.reward import RewardCurve, RewardSettings, reward_episode

FPS, HEIGHT, HEAD, ORDERS = 3.0, 290, 44, 10_000
STYLE = """
svg { background: #fff; font: 12px system-ui, sans-serif; fill: #1c2330; }
.grid { stroke: #e4e8ee; } .axis { stroke: #98a2b3; } .tick { fill: #5b6675; font-size: 12px; }
.head { font-size: 15px; font-weight: 600; } .small { fill: #5b6675; }
path.ours { fill: none; stroke: #2563eb; stroke-width: 2; }
path.theirs { fill: none; stroke: #c2410c; stroke-width: 2; }
.dots.ours circle { fill: #2563eb; } .dots.theirs circle { fill: #c2410c; }
text.ours { fill: #2563eb; } text.theirs { fill: #c2410c; }
"""


@dataclass(frozen=True)
class Clip:
    """A clip, what is done in it, and the published curve."""

    video: str
    task: str
    curve: str


CLIPS = (
    Clip("jaco_play_pick_up_green_cup.mp4", "pick up the green cup", "pick_up_green_cup_rewards.npy"),
    Clip(
        "soar_put_green_stick_in_brown_bowl.mp4",
        "put the green stick in the brown bowl",
        "soar_put_green_stick_in_brown_bowl_rewards.npy",
    ),
)


def progress_of(curve: RewardCurve) -> np.ndarray:
    """Return the share of the way that is done in each frame: below 0 where it got longer."""
    return np.array([1 + point.potential / len(curve.goals) for point in curve.points])


def over(values: np.ndarray, count: int) -> np.ndarray:
    """Take a curve at `count` places from its first to its last value: both curves span the whole clip."""
    return np.interp(np.linspace(0, 1, count), np.linspace(0, 1, len(values)), values)


def correlation(ours: np.ndarray, theirs: np.ndarray) -> tuple[float, float]:
    """Return Spearman's rank correlation, and the share of random orders that reach it; NaN of a flat curve."""
    if np.ptp(ours) == 0 or np.ptp(theirs) == 0:
        return math.nan, math.nan
    rng = np.random.default_rng(0)
    own, other = rankdata(ours), rankdata(theirs)
    found = float(np.corrcoef(own, other)[0, 1])
    shuffled = np.array([np.corrcoef(rng.permutation(own), other)[0, 1] for _ in range(ORDERS)])
    return found, float(np.mean(np.abs(shuffled) >= abs(found) - 1e-12))


def picture(clip: Clip, who: str, ours: np.ndarray, theirs: np.ndarray, said: str) -> Markup:
    """Draw both curves over the clip."""
    across = linear(0.0, 1.0, lambda share: f"{share:.0%}", label="of the clip")
    low = min(0.0, float(ours.min()), float(theirs.min()))
    up = linear(low, 1.0, lambda share: f"{share:.0%}", steps=5, label="of the way")
    layers = []
    for name, values, named in (("theirs", theirs, "robometer"), ("ours", ours, who)):
        points = list(zip(np.linspace(0, 1, len(values)).tolist(), values.tolist()))
        layers += [Curve(points, name), Dots(points, name)]
        layers.append(Label(points[2 * len(points) // 3], named, f"tick {name}"))
    return element(
        "svg",
        element("style", Markup(STYLE)),
        element("text", clip.task, css="head", x=14, y=20),
        element("text", said, css="small", x=14, y=38),
        element("svg", plot(across, up, layers, width=WIDE, height=HEIGHT), y=HEAD, width=WIDE, height=HEIGHT),
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {WIDE} {HEAD + HEIGHT}",
        width=WIDE,
        height=HEAD + HEIGHT,
    )


def main() -> None:
    """Run both clips, and print a row for each."""
    home = os.environ.get("SPATIALVLM_ASSETS") or Path(__file__).parents[2] / "shared" / "assets"
    reader = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    reader.add_argument("--clips", type=Path, default=Path(home) / "robot-clips")
    reader.add_argument("--vlm", help="who is asked, as `spatialvlm answer --model` takes it; by default nano")
    reader.add_argument("--samples", type=int, default=16)
    reader.add_argument("--out", type=Path, help="by default a folder that is thrown away")
    asked = reader.parse_args()
    lacking = [clip.video for clip in CLIPS if not (asked.clips / clip.video).is_file()]
    if lacking:
        sys.exit(f"{asked.clips}: has no {', '.join(lacking)}; give the folder of the clips with --clips")
    with tempfile.TemporaryDirectory() as thrown:
        out = asked.out or Path(thrown)
        print("| clip | frames | distance, first stage | Spearman with robometer | p | that of a clock |")
        print("| --- | --- | --- | --- | --- | --- |")
        for clip in CLIPS:
            settings = RewardSettings(kind="vlm", vlm=asked.vlm, samples=asked.samples, fps=FPS)
            folder = out / Path(clip.video).stem
            curve = reward_episode(str(asked.clips / clip.video), clip.task, folder, settings=settings)
            theirs = np.load(asked.clips / clip.curve, allow_pickle=False).astype(float)
            ours = progress_of(curve)
            rho, chance = correlation(over(ours, len(theirs)), theirs)
            clock, _ = correlation(np.arange(len(theirs)), theirs)
            said = f"Spearman {rho:.2f}, p {chance:.2f}, over {len(theirs)} samples"
            drawn = picture(clip, asked.vlm or "nano", ours, theirs, said)
            (folder / "both.svg").write_text(drawn)
            first = [point.distance_m for point in curve.points if point.stage == 1]
            row = (clip.task, len(curve.points), f"{min(first):.2f} to {max(first):.2f} m")
            print("|", " | ".join(map(str, (*row, f"{rho:.2f}", f"{chance:.2f}", f"{clock:.2f}"))), "|")


if __name__ == "__main__":
    main()
