"""The reward of an episode, frame by frame: distances of the goals enter, a RewardCurve leaves."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from spatialvlm.errors import UserError
from spatialvlm.reward.goal_following import GoalDistance
from spatialvlm.reward.shaping import Shaping, check_gamma, rewards_of, staged_potentials
from spatialvlm.reward.success import SuccessRule, stages_done
from spatialvlm.reward.task_goals import Goal


@dataclass(frozen=True, slots=True)
class RewardPoint:
    """One frame: the distance of the stage that is open, or of the last one, 1 sigma, and what follows from it.

    `is_inference_frame`: something was measured in this very frame. `note` says why not, or what was odd.
    """

    index: int
    time_s: float
    distance_m: float
    sigma_m: float
    potential: float
    reward: float
    success: bool
    is_inference_frame: bool
    note: str = ""
    stage: int = 1

    def progress(self, stages: int) -> float:
        """Return the share of the way that is done, from 0 to 1."""
        return min(max(1 + self.potential / stages, 0.0), 1.0)


@dataclass(frozen=True, slots=True)
class RewardCurve:
    """An episode: what was to be done, how it was judged, and a point for every frame.

    `starts_m` are the distances that potentials count from, a stage each. `counts` says how often what happened:
    frames measured and held, jumps refused, sources that disagreed. `warnings` are sentences.
    """

    task: str
    goals: tuple[Goal, ...]
    source: str
    shaping: Shaping
    gamma: float
    threshold_m: float
    hold: int
    starts_m: tuple[float, ...]
    points: tuple[RewardPoint, ...]
    counts: Mapping[str, int] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def succeeded(self) -> bool:
        """Whether the task is done at the end."""
        return bool(self.points) and self.points[-1].success

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        told = asdict(self)
        return told | {"counts": dict(self.counts), "succeeded": self.succeeded}


def curve_of(
    task: str,
    goals: Sequence[Goal],
    source: str,
    times_s: Sequence[float],
    followed: Sequence[Sequence[GoalDistance | None]],
    *,
    shaping: Shaping = "shaped",
    gamma: float = 1.0,
    rule: SuccessRule | None = None,
    notes: Mapping[int, str] | None = None,
) -> RewardCurve:
    """Judge an episode by its distances; `notes` say what happened to frames, by their index.

    An episode that begins nearer than the threshold counts its potential from the threshold. Raises UserError for an
    episode without a frame, and for a goal without a distance.
    """
    check_gamma(gamma)
    rule, notes = rule or SuccessRule(), notes or {}
    if not followed:
        raise UserError(f"task {task!r}: the episode has no frames; give one or more")
    rows = [[_known(one, goal, task) for one, goal in zip(row, goals)] for row in followed]
    distances = [[one.distance_m for one in row] for row in rows]
    starts = tuple(max(one, rule.threshold_m) for one in distances[0])
    done = stages_done(distances, rule, [[one.sigma_m for one in row] for row in rows])
    potentials = staged_potentials(distances, starts, done)
    rewards = rewards_of(shaping, distances, potentials, done, gamma)
    points, counts = [], Counter[str]()
    for index, (row, now) in enumerate(zip(rows, done)):
        point = point_of(index, times_s[index], row, now, potentials[index], rewards[index], notes.get(index, ""))
        points.append(point)
        counts["measured" if point.is_inference_frame else "held"] += 1
        counts["jumps_refused"] += any("jump" in each.note for each in row)
        counts["sources_apart"] += any(each.apart for each in row)
    warnings = ("one frame is a point, no curve: its reward is 0",) if len(points) == 1 and shaping == "shaped" else ()
    settings = (shaping, gamma, rule.threshold_m, rule.hold, starts)
    return RewardCurve(task, tuple(goals), source, *settings, tuple(points), dict(counts), warnings)


def point_of(
    index: int,
    time_s: float,
    row: Sequence[GoalDistance],
    done: Sequence[bool],
    potential: float,
    reward: float,
    note: str = "",
) -> RewardPoint:
    """Return the point of a frame: of the first stage that is open, or of the last one; `note` goes before its own."""
    stage = next((place for place, finished in enumerate(done) if not finished), len(done) - 1)
    one, measured = row[stage], any(each.measured for each in row)
    told = (index, time_s, one.distance_m, one.sigma_m, potential, reward)
    return RewardPoint(*told, done[-1], measured, note or one.note, stage + 1)


def _known(one: GoalDistance | None, goal: Goal, task: str) -> GoalDistance:
    if one is None:
        raise UserError(f"task {task!r}: no frame tells the distance of {goal}; name what is in view")
    return one
