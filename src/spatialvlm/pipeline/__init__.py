"""pipeline: images -> questions with answers. A folder for every stage, in the order in which data flows.

    collect   source -> Frame                     cull      Frame -> Frame | Drop: scenes worth asking about
    detect    Frame -> Frame with instances       estimate  Frame -> Frame with depth, camera, gravity, floor
    lift      Frame -> Scene in metric 3D         measure   Scene -> Facts with errors
    phrase    Facts -> questions and answers in words

Every stage is a `Stage`: a batch of Samples enters, the same Samples leave with what the stage makes of them. It knows
no other stage. A tuple of stages is what a recipe builds and what an engine runs.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from threading import RLock
from typing import Any, Literal, Protocol, runtime_checkable

from spatialvlm.errors import ContractError, ModelError
from spatialvlm.records import Drop, Frame, Sample

Needs = Literal["reader", "model", "cpu"]
"""What a stage keeps busy. An engine runs readers in threads, and cpu stages beside the models."""


@runtime_checkable
class Stage(Protocol):
    """A batch of Samples to the same Samples, in order. It can be pickled; what is costly it loads when first called.

    `name` is what its drops are counted under. A Sample that it has nothing to do with passes untouched.
    """

    name: str
    needs: Needs

    def __call__(self, samples: Sequence[Sample], /) -> list[Sample]:
        """Work on each Sample. What is expected to fail is a Drop of that Sample alone."""
        ...


@runtime_checkable
class Surveyor(Protocol):
    """A stage that, where `surveys` is true, must know the whole source before its first batch; see `cull`."""

    surveys: bool

    def look(self, sample: Sample, /) -> Any:
        """Note what counts of one Sample, as the stages before leave it; may run in several threads at once."""
        ...

    def conclude(self, looks: Iterable[Any], /) -> None:
        """Take in what was noted of every Sample, in order, before the stage is sent anywhere."""
        ...

    def finding(self, index: int, /) -> str:
        """Say what was concluded about the Sample at `index`: where that changes, it must be made again."""
        ...


_LOADING = RLock()  # several threads may come upon a stage at once: each model is loaded once


class FrameStage:
    """What stages from Frame to Frame | Drop share: only frames that are left are seen, and a failure costs its own.

    A subclass gives `name`, `needs` and `load`. Where a model fails on a batch, each frame is tried alone.
    """

    name: str
    needs: Needs = "model"
    _run: Callable[[Sequence[Frame]], Sequence[Frame | Drop]] | None = None

    def load(self) -> Callable[[Sequence[Frame]], Sequence[Frame | Drop]]:
        """Load what maps a batch of frames to a frame or a Drop each.

        Raises UserError for weights that cannot be had or a package that is not installed.
        """
        raise TypeError(f"{type(self).__name__} has no load(); expected a method that returns a callable")

    def prepare(self) -> Callable[[Sequence[Frame]], Sequence[Frame | Drop]]:
        """Load now what is not loaded yet."""
        with _LOADING:
            if self._run is None:
                self._run = self.load()
        return self._run

    def run(self, frames: Sequence[Frame]) -> Sequence[Frame | Drop]:
        """Map a batch of frames."""
        return self.prepare()(frames)

    def __call__(self, samples: Sequence[Sample], /) -> list[Sample]:
        """Work on the Samples that have a frame."""
        left = [sample.frame for sample in samples if sample.frame is not None]
        if left:
            self.prepare()  # what cannot be loaded is no fault of the frames
        results = iter(self._tried(left))
        return [sample if sample.frame is None else _with(sample, next(results)) for sample in samples]

    def _tried(self, frames: Sequence[Frame]) -> Sequence[Frame | Drop]:
        if not frames:
            return []
        try:
            results = self.run(frames)
        except ModelError as error:
            if len(frames) == 1:
                return [Drop(self.name, frames[0].id, f"model_failed: {error}")]
        else:
            if len(results) != len(frames):
                raise ContractError(
                    f"stage {self.name!r}: got {len(results)} results, expected one for each of {len(frames)} frames"
                )
            return results
        return [result for frame in frames for result in self._tried([frame])]

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what was loaded: another process loads its own."""
        return {name: value for name, value in self.__dict__.items() if name != "_run"}


def _with(sample: Sample, result: Frame | Drop) -> Sample:
    return sample.dropped(result) if isinstance(result, Drop) else replace(sample, frame=result)


def run_stages(stages: Iterable[Stage], samples: Sequence[Sample]) -> list[Sample]:
    """Take Samples through some stages, one after the other.

    Raises ContractError for a stage that loses a Sample, or changes their order.
    """
    passed = list(samples)
    indices = [sample.index for sample in passed]
    for stage in stages:
        passed = stage(passed)
        if [sample.index for sample in passed] != indices:
            raise ContractError(
                f"stage {stage.name!r}: got Samples {[sample.index for sample in passed]}, expected {indices}; return "
                "every Sample in order, `sample.dropped(Drop(...))` where an image shall go"
            )
    return passed
