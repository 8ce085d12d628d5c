"""A recipe loaded once and used from Python: whatever holds a picture enters, a Sample leaves, with every drop."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np

from spatialvlm.engine.executor import MIN_BATCH
from spatialvlm.errors import UserError
from spatialvlm.models import Runtime
from spatialvlm.pipeline import FrameStage, run_stages
from spatialvlm.pipeline.collect import Collect, open_source, read_picture
from spatialvlm.recipes import Recipe, recipe_for
from spatialvlm.records import Drop, Frame, Sample

Input = Any
"""A Frame, a picture as numpy makes an array of it, or the path of a picture, a folder or another source."""


class Pipeline:
    """The stages of a recipe, their models loaded once.

        pipeline = Pipeline("given")
        sample = pipeline(image, depth_m=depth_m, camera=(fx, fy, cx, cy))
        sample.scene, sample.questions, sample.drops

    `recipe` is a Recipe (its source is not read) or the name of one, `settings` are fields of `Recipe` that change it.
    Raises UserError for an unknown recipe, weights that cannot be had or a package that is not installed.
    """

    def __init__(self, recipe: Recipe | str = "given", runtime: Runtime | None = None, **settings: Any) -> None:
        self.recipe = recipe if isinstance(recipe, Recipe) else recipe_for("", recipe, **settings)
        runtime = runtime or Runtime()
        self._batch = max(MIN_BATCH, runtime.batch_size)
        self._stages = [stage for stage in self.recipe.stages(runtime) if not isinstance(stage, Collect)]
        for stage in self._stages:
            if isinstance(stage, FrameStage):
                stage.prepare()

    def __call__(self, picture: Input, **known: Any) -> Sample:
        """Take one picture through all stages; `known` is what `Frame.of` takes besides the image.

        Raises UserError where the input makes no picture; what happens on the way is in the Sample's drops.
        """
        return run_stages(self._stages, [_sample_of(0, picture, **known)])[0]

    def each(self, pictures: str | Path | Iterable[Input]) -> Iterator[Sample]:
        """Take many pictures through all stages, in order: a SOURCE as `spatialvlm build` takes it, or any iterable.

        What makes no picture is the drop of its own Sample.
        """
        samples = self._read(str(pictures)) if isinstance(pictures, str | Path) else _samples_of(pictures)
        batches = iter(lambda: list(islice(samples, self._batch)), [])
        return chain.from_iterable(run_stages(self._stages, batch) for batch in batches)

    def _read(self, source: str) -> Iterator[Sample]:
        opened = open_source(source, self.recipe.collect, self.recipe.seed)
        return (opened.read(index) for index in range(len(opened)))


def _samples_of(pictures: Iterable[Input]) -> Iterator[Sample]:
    for index, picture in enumerate(pictures):
        id = f"image-{index:06d}"
        try:
            yield _sample_of(index, picture, id=id)
        except UserError as error:  # one that is no picture costs none of the others
            yield Sample(index).dropped(Drop("collect", id, f"image_unusable: {error}"))


def _sample_of(index: int, picture: Input, **known: Any) -> Sample:
    if isinstance(picture, Frame):
        return Sample(index, picture)
    if isinstance(picture, str | Path):
        return replace(read_picture(Path(picture)), index=index)
    image = picture.convert("RGB") if hasattr(picture, "convert") else picture
    return Sample(index, Frame.of(np.asarray(image), **known))
