"""measure: Scene -> Facts. Pure numpy, vectorised over all pairs, no words and no chance.

Every quantity is defined in docs/questions.md and computed in `lengths` (of one object and of pairs). A comparison is
asked only where the difference exceeds the margin, k sigma and a floor; "similar" only where it is certain to stay
inside that floor; in between it is refused. Whatever is refused is counted by kind and reason.
"""

from dataclasses import dataclass

from spatialvlm.records import Facts, Scene


@dataclass(frozen=True, slots=True)
class MeasureConfig:
    """When a fact is asked and when it is refused. Lengths in metres, shares of the value compared or measured.

    A comparison must exceed `margin_sigmas` and a floor. Places have the floor `place_floor_m` and `place_floor_share`
    of the distance to the camera (nobody sees 2 cm at 4 m), sizes `size_floor_m` and `size_floor_share` of the larger,
    volumes, as the edge of a cube, `volume_floor_share`. With `similar_sigmas` to spare within the floor two are "about
    the same".
    A length is refused below `least_m` or with a relative error above `worst_share`.
    """

    margin_sigmas: float = 3.0
    similar_sigmas: float = 3.0
    place_floor_m: float = 0.015
    place_floor_share: float = 0.02
    size_floor_m: float = 0.008
    size_floor_share: float = 0.08
    volume_floor_share: float = 0.12
    least_m: float = 0.01
    worst_share: float = 0.15


def measure(scene: Scene, config: MeasureConfig | None = None) -> Facts:
    """All facts of a scene, and what was refused."""
    from spatialvlm.pipeline.measure.facts import all_facts

    return all_facts(scene, config or MeasureConfig())
