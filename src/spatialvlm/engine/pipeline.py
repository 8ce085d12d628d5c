"""A recipe loaded once and used from Python: whatever holds a picture enters, a Sample leaves, with every drop."""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

from PIL import Image

from spatialvlm.array_checks import ARRAY_ERRORS, shown
from spatialvlm.engine.executor import MIN_BATCH
from spatialvlm.errors import UserError
from spatialvlm.models import Runtime
from spatialvlm.pipeline import FrameStage, run_stages
from spatialvlm.pipeline.collect import Collect, open_source, read_picture
from spatialvlm.recipes import Recipe, recipe_for, with_settings
from spatialvlm.records import Drop, Frame, Sample

Input = Any
"""One picture: a Frame, what numpy makes a uint8 (h, w, 3) array of, a PIL image, or the path of a picture file."""

KNOWN = ("depth_m", "camera", "gravity", "instances", "id")


class Pipeline:
    """The stages of a recipe, their models loaded once.

        pipeline = Pipeline("given")
        sample = pipeline(image, depth_m=depth_m, camera=(fx, fy, cx, cy))
        sample.scene, sample.questions, sample.drops

    `recipe` is a Recipe (its source is not read) or the name of one, `settings` are fields of `Recipe` that change it.
    Raises UserError for an unknown recipe or setting, weights that cannot be had or a package that is not installed.
    """

    def __init__(self, recipe: Recipe | str = "given", runtime: Runtime | None = None, **settings: Any) -> None:
        chosen = recipe if isinstance(recipe, Recipe) else recipe_for("", str(recipe))
        self.recipe = with_settings(chosen, settings)
        runtime = runtime or Runtime()
        self._batch = max(MIN_BATCH, runtime.batch_size)
        self._stages = [stage for stage in self.recipe.stages(runtime) if not isinstance(stage, Collect)]
        for stage in self._stages:
            if isinstance(stage, FrameStage):
                stage.prepare()

    def __call__(self, picture: Input, **known: Any) -> Sample:
        """Take one picture through all stages; `known` is what `Frame.of` takes besides the image.

        Of a picture file, `known` goes before what the file says of its camera; a Frame knows all itself. A path that
        leads to no picture (nothing there, a folder, a damaged file) is the drop of the Sample, as is all that happens
        on the way. Raises UserError where arrays make no picture, or do not fit it.
        """
        return run_stages(self._stages, [_sample_of(0, picture, known)])[0]

    def each(self, pictures: str | Path | Iterable[Input]) -> Iterator[Sample]:
        """Take many pictures through all stages, in order.

        `pictures` is a SOURCE as `spatialvlm build` takes it (a folder, rooms:N), the path of one picture file, or an
        iterable of what the pipeline takes one of. What makes no picture is the drop of its own Sample. Duplicates are
        not looked for, which needs all pictures at once: `spatialvlm build` does. Raises UserError for a source that
        makes no sense as a whole, and for one picture in memory.
        """
        samples = self._read(pictures) if isinstance(pictures, str | os.PathLike) else _samples_of(_many(pictures))
        batches = iter(lambda: list(islice(samples, self._batch)), [])
        return chain.from_iterable(run_stages(self._stages, batch) for batch in batches)

    def _read(self, source: str | os.PathLike[str]) -> Iterator[Sample]:
        if os.path.isfile(source):
            return iter([_read_picture(0, source)])
        opened = open_source(os.fspath(source), self.recipe.collect, self.recipe.seed)
        return (opened.read(index) for index in range(len(opened)))


def _many(pictures: Any) -> Iterable[Input]:
    one_array = hasattr(pictures, "__array__") and getattr(pictures, "ndim", 0) in (2, 3)
    if one_array or isinstance(pictures, Frame | Image.Image):
        raise UserError(
            f"pictures: got one {type(pictures).__name__}, expected a source or an iterable of pictures; call the "
            "pipeline itself for one: pipeline(picture)"
        )
    if isinstance(pictures, bytes) or not isinstance(pictures, Iterable):
        raise UserError(f"pictures: got {shown(pictures)}, expected a source or an iterable of pictures; give a list")
    return pictures


def _samples_of(pictures: Iterable[Input]) -> Iterator[Sample]:
    for index, picture in enumerate(pictures):
        id = f"image-{index:06d}"
        try:
            yield _sample_of(index, picture, {}, id)
        except UserError as error:  # one that is no picture costs none of the others
            yield Sample(index).dropped(Drop("collect", id, f"image_unusable: {error}"))


def _sample_of(index: int, picture: Input, known: Mapping[str, Any], id: str = "image") -> Sample:
    """Make a Sample of one picture and what is known of it, None being nothing; `id` is for one without a name."""
    unknown = sorted(known.keys() - {*KNOWN})
    if unknown:
        raise UserError(f"{unknown[0]!r} of a picture: unknown; expected {', '.join(KNOWN)}")
    known = {name: value for name, value in known.items() if value is not None}
    if isinstance(picture, Frame):
        if known:
            raise UserError(
                f"{', '.join(known)} of frame {picture.id!r}: given beside a Frame, expected it inside; use "
                "dataclasses.replace(frame, ...) with the fields of Frame"
            )
        return Sample(index, picture)
    if isinstance(picture, str | os.PathLike):
        sample = _read_picture(index, picture)
        return sample if sample.frame is None else replace(sample, frame=_over(sample.frame, known))
    known = {"id": id, **known}
    return Sample(index, Frame.of(_in_rgb(picture, known["id"]), **known))


def _over(frame: Frame, known: Mapping[str, Any]) -> Frame:
    """Put what is known over what a file says; the Source stays."""
    made = Frame.of(frame.image, **{"id": frame.id, **known})
    values = {name: getattr(made, name) for name in ("depth_m", "camera", "gravity_in_camera", "instances")}
    return replace(frame, id=made.id, **{name: value for name, value in values.items() if value is not None})


def _read_picture(index: int, path: str | os.PathLike[str]) -> Sample:
    try:
        return replace(read_picture(Path(path)), index=index)
    except (OSError, ValueError, TypeError, RuntimeError) as error:  # a name that no file can have, a circle of links
        raise UserError(f"picture {shown(path)}: no path of a file ({error}); correct it") from None


def _in_rgb(picture: Any, id: Any) -> Any:
    """Turn a picture of PIL into one in RGB; whatever else is left for numpy."""
    if not isinstance(picture, Image.Image):
        return picture
    if picture.mode.startswith("I") or picture.mode == "F":
        raise UserError(
            f"image {id!r}: a PIL image of mode {picture.mode!r}, expected 8 bits a channel, as in 'RGB' or 'L'; "
            "scale it to 0 to 255, since convert('RGB') would clip it"
        )
    try:
        return picture.convert("RGB")
    except ARRAY_ERRORS as error:  # it is read when it is first needed
        raise UserError(f"image {id!r}: PIL cannot read it ({error}); replace the file") from None
