"""measure: Scene -> Facts. Pure numpy, vectorised over all pairs, no chance; no words but the nouns of classes.

A comparison is asked only where the difference exceeds the margin, k sigma and a floor; "about the same" only where it
is certain to stay inside that floor; in between it is refused. Whatever is refused is counted by kind and reason.

    objects      scenes -> arrays over all their objects
    wholes       how large they are from end to end, where they may be if a part is hidden
    column       what a Quantity is, and the Column that it comes to
    lengths rays between_objects lists     what quantities share: errors, ways from the camera and to others, groups
    comparisons distances viewer groups arrangement perspective class_counts marked_points free_places     the
                 quantities, all defined in docs/questions.md
    balance      no answer much more frequent than the others
    reasons      why facts are refused
    facts        the columns of the kinds that are wanted
    table        columns -> the Facts of each scene
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from spatialvlm.kinds import KIND_NAMES, Kind
from spatialvlm.pipeline import Needs
from spatialvlm.pipeline.measure.reasons import REASONS
from spatialvlm.records import Facts, Sample, Scene

__all__ = ["REASONS", "Measure", "MeasureConfig", "computed", "measure", "measure_all", "refused"]

PAIRS_TOGETHER = 8192


@dataclass(frozen=True, slots=True)
class MeasureConfig:
    """When a fact is asked and when it is refused. Lengths in metres, shares of the value compared or measured.

    A comparison must exceed `margin_sigmas` and a floor. Places have the floor `place_floor_m` and `place_floor_share`
    of the distance to the camera (nobody sees 2 cm at 4 m), sizes `size_floor_m` and `size_floor_share` of the larger,
    volumes, as the edge of a cube, `volume_floor_share`. With `similar_sigmas` to spare within the floor two are "about
    the same".
    A length is refused below `min_length_m` or with a relative error above `max_relative_error`. `rules` 1 are those of
    the published rooms benchmark: sizes are those of boxes, and what cuts a thing hides nothing of its place.
    """

    margin_sigmas: float = 3.0
    similar_sigmas: float = 3.0
    place_floor_m: float = 0.015
    place_floor_share: float = 0.02
    size_floor_m: float = 0.008
    size_floor_share: float = 0.08
    volume_floor_share: float = 0.12
    min_length_m: float = 0.01
    max_relative_error: float = 0.15
    rules: Literal[1, 2] = 2


class Measure:
    """The stage: Samples with a scene to Samples with its Facts; all scenes of a batch are measured together."""

    name = "measure"
    needs: Needs = "cpu"

    def __init__(self, config: MeasureConfig | None = None, kinds: Sequence[str] | None = None) -> None:
        self.config, self.kinds = config or MeasureConfig(), kinds

    def __call__(self, samples: Sequence[Sample], /) -> list[Sample]:
        """Measure every scene."""
        found = iter(
            measure_all([sample.scene for sample in samples if sample.scene is not None], self.config, self.kinds)
        )
        return [sample if sample.scene is None else _with(sample, next(found)) for sample in samples]


def _with(sample: Sample, facts: Facts) -> Sample:
    return replace(sample, facts=facts, refusals=facts.refusals)


def measure(scene: Scene, config: MeasureConfig | None = None, kinds: Sequence[str] | None = None) -> Facts:
    """Measure a scene: its facts of some kinds, or of all, and what was refused."""
    return measure_all([scene], config, kinds)[0]


def measure_all(
    scenes: Sequence[Scene], config: MeasureConfig | None = None, kinds: Sequence[str] | None = None
) -> list[Facts]:
    """Measure each scene: the facts that it has alone, to the bit, but made several times as fast.

    Numpy works through the pairs of many scenes at once; a row group of stored scenes is a good number. Without `kinds`
    all are measured.
    """
    from spatialvlm.pipeline.measure.facts import columns_of
    from spatialvlm.pipeline.measure.table import facts_of

    config, kinds = config or MeasureConfig(), KIND_NAMES if kinds is None else kinds
    found: list[Facts] = []
    for some in _together(scenes):
        found += facts_of(some, *columns_of(some, config, kinds))
    return found


def computed(kind: Kind) -> str:
    """Say how the quantity that decides a kind is computed."""
    from spatialvlm.pipeline.measure.facts import computed

    return computed(kind)


def refused(kind: Kind) -> tuple[str, ...]:
    """List the reasons for which a kind may be refused, in the order in which they are tried."""
    from spatialvlm.pipeline.measure.facts import refused

    return refused(kind)


def _together(scenes: Sequence[Scene]) -> Iterator[Sequence[Scene]]:
    """Cut the scenes where the pairs become so many that their columns would leave the processor's cache."""
    start, pairs = 0, 0
    for stop, scene in enumerate(scenes):
        more = len(scene.objects) ** 2 + 1
        if pairs + more > PAIRS_TOGETHER and stop > start:
            yield scenes[start:stop]
            start, pairs = stop, 0
        pairs += more
    if scenes:
        yield scenes[start:]
