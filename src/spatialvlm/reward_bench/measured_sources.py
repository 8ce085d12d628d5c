"""Who says how far the gripper is from the thing: an Episode enters, a distance and its error for each frame leave.

geometry          each RGB-D frame lifted, and its scene asked; `geometry-noisy` with depth as a camera has it
clock             the place of the frame in its episode: what any monotone guess gets
random            a number out of nothing
MODEL             a vision-language model that is asked about each picture: nano, or whatever `answer` takes
"""

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from jaxtyping import Bool, Float64

from spatialvlm.answering import choose_model
from spatialvlm.answers import Length
from spatialvlm.errors import UserError
from spatialvlm.evaluate import read_answer
from spatialvlm.models import Vlm, load_vlm
from spatialvlm.pipeline.lift import lift
from spatialvlm.records import Frame, Object, Scene
from spatialvlm.worlds.fetch import Episode

LONGEST_ANSWER = 48  # tokens

Series = Float64[np.ndarray, " t"]

HIDDEN_SHARE = 0.05
"""Of the box of what is seen: how far off its centre may be where a part is hidden, 1 sigma."""
SCALE_NOISE, PIXEL_NOISE = 0.005, 0.003
"""Of `geometry-noisy`, 1 sigma, relative to depth: what all frames of an episode share, and each pixel's own."""
HELD_M = 0.02
"""What the error grows by for each frame in which a distance is held that an earlier frame told."""


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """One distance a frame and its 1-sigma error, NaN where there is none; in metres where the source tells metres.

    `told`: the frame itself told its distance, which is held from no other one.
    """

    distances: Series
    sigmas: Series
    told: Bool[np.ndarray, " t"]


class BenchSource(Protocol):
    """Tells distances. `in_metres` is False of what only tells an order."""

    name: str
    in_metres: bool

    def measure(self, episode: Episode) -> Readings:
        """Tell the distance of every frame of an episode."""
        ...


class LiftedDistances:
    """Lifts each frame by its depth and masks, and asks the scene.

    Where the scene refuses, since a part of one thing is hidden, the distance is that between the centres of what is
    seen, with an error that says so; where a thing is out of sight, the last distance is held.
    """

    in_metres = True

    def __init__(self, noise_seed: int | None = None) -> None:
        self.name = "geometry" if noise_seed is None else "geometry-noisy"
        self._noise_seed = noise_seed

    def measure(self, episode: Episode) -> Readings:
        """Tell the distance of every frame of an episode."""
        frames = list(episode)
        if self._noise_seed is not None:
            generator = np.random.default_rng([self._noise_seed, *episode.id.encode()])
            scale = 1 + generator.normal(0, SCALE_NOISE)
            frames = [_as_sensed(frame, scale, generator) for frame in frames]
        pairs = [self._of_frame(frame, episode.gripper, episode.object) for frame in frames]
        return hold(np.array([one for one, _ in pairs]), np.array([error for _, error in pairs]))

    def _of_frame(self, frame: Frame, gripper: str, thing: str) -> tuple[float, float]:
        scene = lift(frame).scene
        if scene is None:
            return np.nan, np.nan
        one, other = (_object_called(scene, name) for name in (gripper, thing))
        if one is None or other is None:
            return np.nan, np.nan
        told = scene.ask("distance", gripper, thing)
        if told.value is not None:
            return float(told.value), float(told.error)
        return _between_seen(one, other)


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
        self.name, self._vlm, self._told = name, vlm, dict[bytes, float]()

    def measure(self, episode: Episode) -> Readings:
        """Ask for the distance in every frame; an answer that states no length is NaN, and the last one is held."""
        question = f"How far is the {episode.gripper} from the {episode.object}?"
        new = [frame for frame in episode if frame.source.image_bytes not in self._told]
        texts = self._vlm.answers([([frame.image], question) for frame in new])
        for frame, text in zip(new, texts):  # an episode played backwards has the same pictures
            value = read_answer(question, text)
            self._told[frame.source.image_bytes] = value.metres if isinstance(value, Length) else np.nan
        distances = np.array([self._told[frame.source.image_bytes] for frame in episode])
        return hold(distances, np.full(len(distances), np.nan))


def open_source_of_distances(name: str, seed: int) -> BenchSource:
    """Open a source by its name. Raises UserError for an empty one, and later for a model that there is not."""
    match name:
        case "geometry":
            return LiftedDistances()
        case "geometry-noisy":
            return LiftedDistances(noise_seed=seed)
        case "clock":
            return ClockDistances()
        case "random":
            return RandomDistances(seed)
        case "":
            raise UserError("--sources: one has no name; expected geometry, clock, random or a model such as nano")
        case _:
            model = name.removeprefix("vlm:")
            return AskedDistances(name, load_vlm(choose_model(model), max_new_tokens=LONGEST_ANSWER))


def hold(distances: Series, sigmas: Series) -> Readings:
    """Fill frames without a distance with that of the frame before, or of the first one that has any; errors grow."""
    told = np.isfinite(distances)
    known, frames = np.flatnonzero(told), np.arange(len(distances))
    if len(known) == 0:
        return Readings(distances, sigmas, told)
    held = known[np.maximum(np.searchsorted(known, frames, side="right") - 1, 0)]
    return Readings(distances[held], sigmas[held] + HELD_M * np.abs(frames - held), told)


def _as_sensed(frame: Frame, scale: float, generator: np.random.Generator) -> Frame:
    """Make the depth of a frame as wrong as that of a depth camera."""
    if frame.depth_m is None:
        return frame
    noise = scale * (1 + generator.normal(0, PIXEL_NOISE, frame.depth_m.shape))
    return replace(frame, depth_m=(frame.depth_m * noise).astype(np.float32))


def _object_called(scene: Scene, name: str) -> Object | None:
    return next((one for one in scene.objects if name in one.instance.captions), None)


def _between_seen(one: Object, other: Object) -> tuple[float, float]:
    """Measure between the centres of what is seen of two things, with what hidden parts may add to the error."""
    centres = [(thing.box.low_in_world + thing.box.high_in_world) / 2 for thing in (one, other)]
    errors = []
    for thing in (one, other):
        box = thing.box
        faces = np.hypot(box.low_error_m, box.high_error_m) / 2
        hidden = HIDDEN_SHARE * (box.high_in_world - box.low_in_world) if thing.occluded or thing.truncated else 0.0
        errors.append(float(np.linalg.norm(faces) + np.max(hidden)))
    return float(np.linalg.norm(centres[0] - centres[1])), float(np.hypot(*errors))
