"""Rivals by the same models: what is told is progress, which has no metres; what is left of it stands for the distance.

gvl:MODEL         the frames in random order and the first one beside them; the model says the percent done in each.
                  Ma et al., Vision Language Models are In-Context Value Learners, ICLR 2025
topreward:MODEL   how likely the model is to begin its answer with Yes where it is asked, of the frames up to each,
                  whether the task is done. TOPReward: Token Probabilities as Hidden Zero-Shot Rewards, 2026

Both after the papers, with prompts of our own: their published numbers are of other prompts, models and episodes.
"""

import re

import numpy as np

from spatialvlm.errors import ContextError
from spatialvlm.models import ScoringVlm, Vlm, split_thinking
from spatialvlm.records import Frame
from spatialvlm.reward_bench.bench_readings import Readings, hold
from spatialvlm.worlds.fetch import Episode

GVL, TOPREWARD = "gvl:", "topreward:"
YES = "Yes"
MOST_SHOWN = 8
"""Frames up to one that TOPReward is shown, evenly in time."""

_LINE = re.compile(r"^\W*(?:frame|image|picture|number)?\W*(\d+)\b(?!\s*%)\s*[:.)=|,*\u2013-]*(.*)$", re.IGNORECASE)
_PERCENT = re.compile(r"(-?\d+(?:\.\d+)?)\s*(?:%|percent)", re.IGNORECASE)


class GvlProgress:
    """Asks for the progress of shuffled frames, in percent, all of an episode in one question where they fit.

    The seed and the name of an episode decide the order, which is no one's clock. Where the model cannot read all of
    them at once it is asked about the halves.
    """

    in_metres = False

    def __init__(self, name: str, vlm: Vlm, seed: int) -> None:
        self.name, self._vlm, self._seed = name, vlm, seed

    def measure(self, episode: Episode) -> Readings:
        """Tell the percent that are left in every frame; what the model does not answer is held from the one before.

        Raises UserError where the model cannot read two pictures, or the server refuses, and ModelError where it fails.
        """
        frames = list(episode)
        order = np.random.default_rng([self._seed, *episode.id.encode()]).permutation(len(frames))
        done = np.full(len(frames), np.nan)
        done[order] = self._ask(episode.words, frames[0], [frames[place] for place in order.tolist()])
        return hold(100 - done, np.full(len(frames), np.nan))

    def _ask(self, words: str, first: Frame, frames: list[Frame]) -> list[float]:
        try:
            text = self._vlm.answer([first.image, *(one.image for one in frames)], gvl_question(words, len(frames)))
        except ContextError:
            if len(frames) == 1:
                raise
            middle = len(frames) // 2
            return [*self._ask(words, first, frames[:middle]), *self._ask(words, first, frames[middle:])]
        return read_progress(text, len(frames))


class TopRewardProgress:
    """Asks of each frame, with those before it, whether the task is done, and takes how likely Yes is.

    Raises UserError for a server that tells no log-probabilities.
    """

    in_metres = False

    def __init__(self, name: str, vlm: Vlm) -> None:
        assert isinstance(vlm, ScoringVlm)
        self.name, self._vlm = name, vlm

    def measure(self, episode: Episode) -> Readings:
        """Tell minus the log-probability of Yes in every frame; where a server does not list it, it is held."""
        images = [frame.image for frame in episode]
        question = (
            "The images are of a robot, in order of time; the last one is how it is now. Its task is to "
            f"{episode.words}. Is the task done now? Answer {YES} or No."
        )
        shown = [np.linspace(0, place, min(place + 1, MOST_SHOWN)).round().astype(int) for place in range(len(images))]
        asked = [([images[one] for one in places.tolist()], question) for places in shown]
        likely = np.array(self._vlm.word_logprobs(asked, YES), np.float64)
        return hold(-likely, np.full(len(images), np.nan))


def gvl_question(words: str, count: int) -> str:
    """Write the question about the first frame and `count` others that are numbered from 1."""
    return (
        f"A robot's task is to {words}. The first image shows it as it began: 0 % of the task is done there. The other "
        f"{count} images, numbered 1 to {count}, are frames of the same episode in random order. Some may show no "
        "progress at all. Look at each by itself: how much of the task is done there, from 0 % to 100 %? Answer with "
        'one line for each of them and nothing else, as in "Frame 1: 40 %".'
    )


def read_progress(text: str, count: int) -> list[float]:
    """Read a list of frames with the percent done in each, in the order of their numbers; NaN where it has none.

    A line is the number of a frame and, behind it, a percentage: the last one there. A frame that is told twice counts
    as it was told last. What is no number from 0 to 100, or of no frame that there is, counts as not told.
    """
    done = [np.nan] * count
    for line in split_thinking(text).answer.splitlines():
        found = _LINE.match(line)
        told = _PERCENT.findall(found[2]) if found else []
        if found and told and 1 <= (number := int(found[1][:9])) <= count:
            value = float(told[-1])
            done[number - 1] = value if 0 <= value <= 100 else np.nan
    return done
