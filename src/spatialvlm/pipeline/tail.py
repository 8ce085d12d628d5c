"""The tail of the pipeline, which needs no model: lift -> measure -> phrase. They are joined here and nowhere else."""

from spatialvlm.pipeline import run_stages
from spatialvlm.pipeline.lift import Lift, LiftConfig
from spatialvlm.pipeline.measure import Measure, MeasureConfig
from spatialvlm.pipeline.phrase import Phrase, PhraseConfig
from spatialvlm.records import Frame, Sample


def tail(
    lift: LiftConfig | None = None,
    measure: MeasureConfig | None = None,
    phrase: PhraseConfig | None = None,
    seed: int = 0,
) -> tuple[Lift, Measure, Phrase]:
    """Make the three stages: frames with depth, camera and instances to scenes, facts and questions."""
    asks = Phrase(phrase, seed)
    return Lift(lift), Measure(measure, asks.config.asked), asks


def measured(
    frame: Frame,
    lift: LiftConfig | None = None,
    measure: MeasureConfig | None = None,
    phrase: PhraseConfig | None = None,
) -> Sample:
    """Take one frame to its scene and the facts of the kinds that would be asked, without questions."""
    return run_stages(tail(lift, measure, phrase)[:2], [Sample(frame=frame)])[0]
