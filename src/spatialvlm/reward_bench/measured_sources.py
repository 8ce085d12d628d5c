"""Who says how far two things are apart: an Episode enters, a distance and its error for each frame leave.

geometry          what `spatialvlm reward` measures: RGB-D frames lifted, places followed over time; `geometry-noisy`
                  with depth as a camera has it, `geometry-frames` each frame by itself, not followed
clock             the place of the frame in its episode: what any monotone guess gets
random            a number out of nothing
MODEL             a vision-language model that is asked about each picture: nano, or whatever `answer` takes
gvl:MODEL, topreward:MODEL    one that tells progress instead, as `progress_sources` says
"""

from dataclasses import replace

import numpy as np

from spatialvlm.answering import choose_model
from spatialvlm.answers import Length
from spatialvlm.errors import UserError
from spatialvlm.evaluate import read_answer
from spatialvlm.models import Vlm, load_vlm
from spatialvlm.recipes import recipe_for
from spatialvlm.records import Frame
from spatialvlm.reward import SceneDistances, follow, goals_of
from spatialvlm.reward_bench.bench_readings import BenchSource, Readings, hold
from spatialvlm.reward_bench.progress_sources import GVL, TOPREWARD, GvlProgress, TopRewardProgress
from spatialvlm.worlds.fetch import Episode

LONGEST_ANSWER, LONGEST_LIST = 48, 1024  # tokens
GEOMETRY = "geometry"

SCALE_NOISE, PIXEL_NOISE = 0.005, 0.003
"""Of `geometry-noisy`, 1 sigma, relative to depth: what all frames of an episode share, and each pixel's own."""


class FollowedDistances:
    """Measures as `spatialvlm reward` does, by its own parts: `SceneDistances`, and `follow` over all frames.

    With `alone` each frame is an episode of its own, of which nothing is known before: where it does not show both
    things, the last distance that was told is held.
    """

    in_metres = True

    def __init__(self, name: str = "geometry", *, noise_seed: int | None = None, alone: bool = False) -> None:
        self.name, self._noise_seed, self._alone = name, noise_seed, alone
        self._scenes = SceneDistances(recipe_for("", "given"))

    def measure(self, episode: Episode) -> Readings:
        """Tell the distance of every frame of an episode."""
        frames = list(episode)
        if self._noise_seed is not None:
            generator = np.random.default_rng([self._noise_seed, *episode.id.encode()])
            scale = 1 + generator.normal(0, SCALE_NOISE)
            frames = [_as_sensed(frame, scale, generator) for frame in frames]
        goals = goals_of(episode.words)
        found = [self._scenes(frame, goals) for frame in frames]
        if self._alone:
            rows = [follow(goals, [0.0], {GEOMETRY: [one]})[0] for one in found]
        else:
            rows = follow(goals, [_time_s(frame) for frame in frames], {GEOMETRY: found})
        last = [row[-1] for row in rows]
        held = hold(
            np.array([np.nan if one is None else one.distance_m for one in last]),
            np.array([np.nan if one is None else one.sigma_m for one in last]),
        )
        return replace(held, told=np.array([one is not None and one.measured for one in last]))


class ClockDistances:
    """Counts frames down; it looks at nothing."""

    name, in_metres = "clock", False

    def measure(self, episode: Episode) -> Readings:
        """Tell the number of frames that are left."""
        left = np.arange(len(episode), dtype=np.float64)[::-1].copy()
        return hold(left, np.full(len(left), np.nan))


class RandomDistances:
    """Draws a number for each frame, by the seed and the name of the episode."""

    name, in_metres = "random", False

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def measure(self, episode: Episode) -> Readings:
        """Draw a number from 0 to 1 for each frame."""
        generator = np.random.default_rng([self._seed, *episode.id.encode()])
        return hold(generator.uniform(size=len(episode)), np.full(len(episode), np.nan))


class AskedDistances:
    """Asks a vision-language model about each picture on its own, so that no order of frames tells the time."""

    in_metres = True

    def __init__(self, name: str, vlm: Vlm) -> None:
        self.name, self._vlm, self._told = name, vlm, dict[tuple[str, bytes], float]()

    def measure(self, episode: Episode) -> Readings:
        """Ask for the distance in every frame; an answer that states no length is NaN, and the last one is held."""
        question = "How far is the {} from the {}?".format(*episode.between)
        keys = [(question, frame.source.image_bytes) for frame in episode]
        new = [(key, frame) for key, frame in zip(keys, episode) if key not in self._told]
        texts = self._vlm.answers([([frame.image], question) for _, frame in new])
        for (key, _), text in zip(new, texts):  # an episode played backwards has the same pictures
            value = read_answer(question, text)
            self._told[key] = value.metres if isinstance(value, Length) else np.nan
        distances = np.array([self._told[key] for key in keys])
        return hold(distances, np.full(len(distances), np.nan))


def open_source_of_distances(name: str, seed: int) -> BenchSource:
    """Open a source by its name. Raises UserError for an empty one, and later for a model that there is not."""
    match name:
        case "geometry":
            return FollowedDistances(name)
        case "geometry-noisy":
            return FollowedDistances(name, noise_seed=seed)
        case "geometry-frames":
            return FollowedDistances(name, alone=True)
        case "clock":
            return ClockDistances()
        case "random":
            return RandomDistances(seed)
        case "" | "gvl:" | "topreward:":
            raise UserError(
                f"--sources: {name!r} names nobody; expected geometry, clock, random, or a model such as nano, "
                "gvl:nano or topreward:http://localhost:8000/v1#qwen3-vl"
            )
        case _ if name.startswith(GVL):
            model = choose_model(name.removeprefix(GVL))
            return GvlProgress(name, load_vlm(model, max_new_tokens=LONGEST_LIST), seed)
        case _ if name.startswith(TOPREWARD):
            return TopRewardProgress(name, load_vlm(choose_model(name.removeprefix(TOPREWARD))))
        case _:
            model = name.removeprefix("vlm:")
            return AskedDistances(name, load_vlm(choose_model(model), max_new_tokens=LONGEST_ANSWER))


def _as_sensed(frame: Frame, scale: float, generator: np.random.Generator) -> Frame:
    """Make the depth of a frame as wrong as that of a depth camera."""
    if frame.depth_m is None:
        return frame
    noise = scale * (1 + generator.normal(0, PIXEL_NOISE, frame.depth_m.shape))
    return replace(frame, depth_m=(frame.depth_m * noise).astype(np.float32))


def _time_s(frame: Frame) -> float:
    position = frame.sequence
    assert position is not None
    assert position.time_s is not None
    return position.time_s
