"""One frame of a dataset: a picture with masks and labels, and tables of its objects and questions for the terminal."""

import math
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import UInt8
from rich.console import Console, Group
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from spatialvlm.answers import (
    Angle,
    Area,
    BoundingBox,
    CannotTell,
    Choice,
    Clock,
    Count,
    Length,
    Order,
    Region,
    YesNo,
    in_words,
)
from spatialvlm.errors import DatasetError, UserError
from spatialvlm.geometry import deepest_point
from spatialvlm.kinds import KINDS
from spatialvlm.page import draw_objects
from spatialvlm.records import QA, Object, Scene, Source

THUMBNAIL_COLUMNS = 72
LONGEST_NAME = 60  # characters; a file name holds 255 bytes, and one character has up to 4

Picture = UInt8[np.ndarray, "h w 3"]


def picture(scene: Scene, source: Source) -> Picture:
    """Draw the image with masks and first captions of its objects. Raises DatasetError where it can't be decoded."""
    encoded = np.frombuffer(source.image_bytes, np.uint8)
    image = cv2.imdecode(encoded, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION) if len(encoded) else None
    if image is None or image.shape[:2] != (scene.camera.height, scene.camera.width):
        got = "nothing that decodes" if image is None else f"{image.shape[1]}x{image.shape[0]} pixels"
        raise DatasetError(
            f"image of frame {scene.frame_id!r}: got {got}, expected {scene.camera.width}x{scene.camera.height}; "
            f"build the dataset again"
        )
    instances = [o.instance for o in scene.objects]
    labels = [i.captions[0] if i.captions else i.id for i in instances]
    return draw_objects(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), [i.mask for i in instances], labels)


def file_for(frame_id: str) -> Path:
    """Name a file for a frame's picture, in the current folder: without signs that mean something, not too long."""
    plain = "".join(c if c.isalnum() or c in "-_." else "_" for c in frame_id)
    return Path(f"{plain[:LONGEST_NAME]}.png")


def save(image: Picture, path: Path) -> None:
    """Write a PNG. Raises UserError where that fails."""
    png = cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR))[1].tobytes()
    try:
        path.write_bytes(png)
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}; give another path") from error


def print_frame(console: Console, scene: Scene, questions: list[QA], image: Picture, why: str = "") -> None:
    """Print the frame in the terminal: a thumbnail, its objects, its questions with their evidence, or `why` none."""
    up = {None: "unknown", "given": "given", "plane": "found in the picture", "model": "from a model"}
    support = scene.support.surface or f"none ({scene.support.refusal})"
    head = f"[bold]{escape(scene.frame_id)}[/]  up: {up[scene.gravity]}, support: {support}, {scene.scale} scale"
    parts = [Text.from_markup(head), _objects(scene), _questions(questions, why)]
    if console.is_terminal:
        parts.insert(1, _thumbnail(image))
    console.print(Group(*parts))


def _thumbnail(image: Picture) -> Text:
    """Draw half blocks: every character shows two pixels."""
    columns = THUMBNAIL_COLUMNS
    rows = 2 * max(1, round(image.shape[0] / image.shape[1] * columns / 2))
    small = cv2.resize(image, (columns, rows), interpolation=cv2.INTER_AREA)
    text = Text()
    for above, below in zip(small[0::2].tolist(), small[1::2].tolist(), strict=True):
        for (r, g, b), (s, h, c) in zip(above, below, strict=True):
            text.append("▀", style=f"rgb({r},{g},{b}) on rgb({s},{h},{c})")
        text.append("\n")
    return text


def _objects(scene: Scene) -> Table:
    table = Table(title="objects, sizes in cm", title_justify="left", box=None, padding=(0, 2, 0, 0))
    for heading in ("", "id", "caption", "width", "depth", "height", "bottom", "flags"):
        is_number = heading in ("width", "depth", "height", "bottom")
        table.add_column(heading, justify="right" if is_number else "left", no_wrap=is_number)
    for number, o in enumerate(scene.objects, 1):  # as the picture numbers them
        caption = o.instance.captions[0] if o.instance.captions else ""
        table.add_row(f"{number}", escape(o.instance.id), escape(caption), *_cells(o))
    return table


def _cells(o: Object) -> list[str]:
    extent = o.box.high_in_world - o.box.low_in_world
    error = np.hypot(o.box.high_error_m, o.box.low_error_m)
    sizes = [f"{100 * value:.1f} ±{100 * sigma:.1f}" for value, sigma in zip(extent, error, strict=True)]
    bottom = {"support": "stands", "seen": f"{100 * o.box.low_in_world[2]:.1f}", "hidden": "hidden"}[o.bottom]
    flags = [name for name, is_so in (("truncated", o.truncated), ("occluded", o.occluded)) if is_so]
    return [*sizes, bottom, " ".join(flags)]


def _questions(questions: list[QA], why: str) -> Group:
    lines = [Text(f"none: {why}")] if why and not questions else []
    for qa in questions:
        lines.append(Text.assemble(f"{qa.question}  ", (qa.answer, "bold")))
        lines.append(Text(f"  {qa.kind}: {_evidence(qa)}, about {', '.join(qa.fact.subjects)}", style="dim"))
    return Group(Text("\nquestions"), *lines)


def _evidence(qa: QA) -> str:
    fact, error = qa.fact, qa.fact.error
    match in_words(fact.answer, dict(zip(fact.subjects, qa.names))):
        case Length(metres):
            return f"{metres:.3f} ± {error:.3f} m"
        case Angle(radians):
            return f"{math.degrees(radians):.1f} ± {math.degrees(error):.1f}°"
        case YesNo(yes):
            said = "true" if yes else "false"
        case Choice() as choice:
            said = choice.chosen
        case Order(items):
            said = ", ".join(items)
        case Count(number):
            said = f"{number}"
        case Clock(hour):
            said = f"{hour} o'clock"
        case Area(square_metres):
            said = f"{square_metres:.4g} m²"
        case Region(polygon):
            said = "a place around {}, {}".format(*deepest_point(polygon))
        case BoundingBox(left, top, right, bottom):
            said = f"the box {left:.3f}, {top:.3f} to {right:.3f}, {bottom:.3f}"
        case CannotTell(reason):
            return f"can't be told, {reason.replace('_', ' ')}"
    unit = f" {KINDS[fact.kind].form.error_unit}" if fact.kind in KINDS else ""
    return f"{said} (σ {error:.3f}{unit})" if error else said
