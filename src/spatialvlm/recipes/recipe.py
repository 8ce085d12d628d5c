"""A recipe: everything that decides what is in a dataset, as one value, and the tuple of stages that it stands for."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, get_args

from spatialvlm.dataset import MAX_SEED, to_json, versions
from spatialvlm.errors import UserError
from spatialvlm.models import Model, Runtime
from spatialvlm.pipeline import Needs, Stage
from spatialvlm.pipeline.collect import Collect, CollectConfig, FrameSource
from spatialvlm.pipeline.cull import Cull, CullConfig
from spatialvlm.pipeline.detect import Detect, DetectConfig
from spatialvlm.pipeline.estimate import Estimate, EstimateConfig
from spatialvlm.pipeline.lift import LiftConfig
from spatialvlm.pipeline.measure import MeasureConfig
from spatialvlm.pipeline.phrase import PhraseConfig
from spatialvlm.pipeline.tail import tail
from spatialvlm.recipes.roles import model_versions


@dataclass(frozen=True, slots=True)
class Recipe:
    """What to build, of which source.

    `limit` takes the first frames only; `shard_size` frames go into one file of the dataset, by default as many as suit
    the source. `inserted` are stages of one's own, each with the name of the stage that it follows; see `insert`.
    Raises UserError for values out of range.
    """

    source: str
    seed: int = 0
    limit: int | None = None
    shard_size: int | None = None
    collect: CollectConfig = field(default_factory=CollectConfig)
    cull: CullConfig = field(default_factory=CullConfig)
    detect: DetectConfig = field(default_factory=DetectConfig)
    estimate: EstimateConfig = field(default_factory=EstimateConfig)
    lift: LiftConfig = field(default_factory=LiftConfig)
    measure: MeasureConfig = field(default_factory=MeasureConfig)
    phrase: PhraseConfig = field(default_factory=PhraseConfig)
    inserted: tuple[tuple[str, Stage], ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.seed <= MAX_SEED:
            raise UserError(f"seed {self.seed}: expected 0 to {MAX_SEED}")
        if self.limit is not None and self.limit < 1:
            raise UserError(f"limit {self.limit}: expected 1 or more frames")
        if self.shard_size is not None and self.shard_size < 1:
            raise UserError(f"shard_size {self.shard_size}: expected 1 or more frames")

    def insert(self, stage: Stage, *, after: str) -> "Recipe":
        """Put a stage of one's own behind the stage called `after`.

        A dataclass is recorded with its settings, any other stage by its name. Raises UserError where there is no such
        stage, for what is no Stage, for a name that the recipe has already, and for settings that JSON cannot say.
        """
        names = [one.name for one in self.stages()]
        if after not in names:
            raise UserError(f"stage {after!r}: none of this recipe, whose stages are {', '.join(names)}")
        if isinstance(stage, type) or not isinstance(stage, Stage) or stage.needs not in get_args(Needs):
            needs = ", ".join(map(repr, get_args(Needs)))
            raise UserError(f"stage {stage!r}: expected an object with a `name`, `needs` (one of {needs}) and a call")
        if stage.name in names:
            raise UserError(f"stage {stage.name!r}: the recipe has one of this name already; give yours another")
        try:
            to_json(_described(stage))
        except TypeError as error:
            raise UserError(
                f"stage {stage.name!r}: its settings cannot be recorded ({error}); use plain values"
            ) from error
        return dataclasses.replace(self, inserted=(*self.inserted, (after, stage)))

    def stages(self, runtime: Runtime | None = None) -> tuple[Stage, ...]:
        """List the stages in the order in which a Sample passes them; models are loaded when they are first used."""
        detect, estimate = Detect(self.detect, runtime, self.seed), Estimate(self.estimate, runtime)
        # What is found in depth is found after the depth and the camera; else they come where something was found.
        makes = self.estimate.depth is not None or self.estimate.fov_rad is not None
        from_depth = makes and self.detect.detector in ("auto", "clusters")
        plain = (
            Collect(self.source, self.collect, self.seed),
            Cull(self.cull, runtime),
            *((estimate, detect) if from_depth else (detect, estimate)),
            *tail(self.lift, self.measure, self.phrase, self.seed),
        )
        return tuple(one for stage in plain for one in (stage, *self._inserted_after(stage)))

    def _inserted_after(self, stage: Stage) -> list[Stage]:
        found: list[Stage] = []
        for after, own in self.inserted:
            if after in (stage.name, *(one.name for one in found)):
                found.append(own)
        return found

    @property
    def models(self) -> Mapping[str, Model]:
        """All models that the recipe runs, by their role."""
        detect, estimate = self.detect, self.estimate
        wanted = {
            "cull": self.cull.model,
            "detect": detect.detect,
            "segment": detect.segment,
            "caption": detect.caption,
            "depth": estimate.depth,
            "camera": estimate.camera,
            "floor": estimate.floor,
        }
        return {role: model for role, model in wanted.items() if model is not None}

    def header(self, source: FrameSource) -> dict[str, Any]:
        """Write down what the dataset says about its making: enough to make it again, nothing about this machine."""
        config = dataclasses.asdict(dataclasses.replace(self, inserted=()))
        del config["source"]
        config["inserted"] = [{"after": after, **_described(stage)} for after, stage in self.inserted]
        return {
            "config": config,
            "source": source.name,
            "fingerprint": source.fingerprint,
            "versions": versions() | model_versions(self.models),
        }


def _described(stage: Stage) -> dict[str, Any]:
    name = f"{type(stage).__module__}.{type(stage).__qualname__}"
    settings = dataclasses.asdict(stage) if dataclasses.is_dataclass(stage) else {}  # pyright: ignore
    return {"stage": name, "settings": settings}
