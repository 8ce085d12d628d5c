"""The gallery of the dataset card: scenes with their images and questions -> markup with the pictures inside."""

import base64
import math
from collections.abc import Sequence

import cv2
import numpy as np

from spatialvlm import page
from spatialvlm.answers import (
    SAME,
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
)
from spatialvlm.dataset.marked_pictures import scene_image
from spatialvlm.geometry import decode_mask, deepest_point
from spatialvlm.kinds import KINDS
from spatialvlm.records import QA, Fact, Object, Scene, Source

PICTURE_WIDTH = 640
PICTURE_HEIGHT = 800
JPEG_QUALITY = 85
QUESTIONS = 8


def frame_card(scene: Scene, source: Source, questions: Sequence[QA], why: str = "") -> page.Markup:
    """Show one image with its objects marked and some of its questions beside it; `why` there are none."""
    places = {found.instance.id: index for index, found in enumerate(scene.objects)}
    objects = page.join(*(_object(scene, index) for index in range(len(scene.objects))), between=" ")
    image = page.element(
        "img",
        alt=f"{page.shortened(scene.frame_id)} with its objects marked",
        src=f"data:image/jpeg;base64,{picture(scene, source)}",
    )
    caption = page.element(
        "figcaption",
        page.element("b", page.shortened(scene.frame_id)),
        page.element("div", objects, css="legend"),
        _provenance(scene, source, len(questions)),
    )
    items = [_question(scene, qa, places) for qa in select(questions, QUESTIONS)]
    nothing = page.element("p", "Nothing could be asked about this image" + (f": {why}." if why else "."), css="none")
    asked = page.element("ul", *items, css="asked") if items else nothing
    return page.element("article", page.element("figure", image, caption), asked, css="frame")


def select(questions: Sequence[QA], count: int) -> list[QA]:
    """Pick up to `count` questions, of both families in turn and of as many kinds as there are, in their own order."""
    turns: dict[tuple[str, str], int] = {}
    ranks = []
    for index, qa in enumerate(questions):
        turn = turns[qa.family, qa.kind] = turns.get((qa.family, qa.kind), -1) + 1
        ranks.append((turn, index))
    families = {"qualitative": [], "quantitative": []}
    for turn, index in sorted(ranks):
        families[questions[index].family].append((turn, index))
    order = sorted((turn, place, index) for queue in families.values() for place, (turn, index) in enumerate(queue))
    return [questions[index] for index in sorted(index for _, _, index in order[:count])]


def picture(scene: Scene, source: Source) -> str:
    """Draw the image with its objects marked, as a small JPEG in base64."""
    image = scene_image(scene, source)
    if image is None:
        image = np.full(
            (scene.camera.height, scene.camera.width, 3), 128, np.uint8
        )  # masks on grey are better than none
    scale = min(1.0, PICTURE_WIDTH / image.shape[1], PICTURE_HEIGHT / image.shape[0])
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    masks = [
        cv2.resize(decode_mask(found.instance.mask).astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.5
        for found in scene.objects
    ]
    marked = page.draw_objects(image, masks, [_name(found, i) for i, found in enumerate(scene.objects)])
    _, data = cv2.imencode(".jpg", marked[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return base64.b64encode(data.tobytes()).decode()


def _question(scene: Scene, qa: QA, places: dict[str, int]) -> page.Markup:
    ids = qa.fact.subjects
    objects = page.join(
        *(_object(scene, places[id_]) if id_ in places else page.shortened(id_) for id_ in ids), between=" "
    )
    known = page.join(page.shortened(qa.kind), evidence(qa.fact, places), objects, between=" · ")
    return page.element(
        "li",
        page.element("p", page.shortened(qa.question)),
        page.element("p", page.shortened(qa.answer), css="answer"),
        page.element("small", known, _map(scene, qa.fact)),
        css=qa.family,
    )


def _map(scene: Scene, fact: Fact) -> page.Markup:
    """Draw where in the image a place or a box is, with the outlines of the things that it is about."""
    match fact.answer:
        case Region(polygon):
            corners = polygon
        case BoundingBox(left, top, right, bottom):
            corners = ((left, top), (right, top), (right, bottom), (left, bottom))
        case _:
            return page.join()
    wide, high = scene.camera.width, scene.camera.height
    points = " ".join(f"{x * wide:.0f},{y * high:.0f}" for x, y in corners)
    about = [found.instance.box_xyxy.tolist() for found in scene.objects if found.instance.id in fact.subjects]
    boxes = [page.element("rect", x=x, y=y, width=right - x, height=low - y) for x, y, right, low in about]
    place = page.element("polygon", points=points)
    return page.element("svg", place, *boxes, css="map", viewBox=f"0 0 {wide} {high}")


def evidence(fact: Fact, places: dict[str, int]) -> page.Markup:
    """Say what is known, with 1 sigma, in SI units: "0.412 ± 0.013 m"."""
    match fact.answer:
        case Length(value):
            return page.join(f"{_with_error(value, fact.error)} m")
        case Angle(value):
            return page.join(f"{_with_error(math.degrees(value), math.degrees(fact.error))}°")
        case Area(value):
            return page.join(f"{value:.4g} m²")
        case YesNo(yes):
            said = page.join("true" if yes else "false")
        case Choice() as choice:
            said = _object_or_word("similar" if choice.chosen == SAME else choice.chosen, places)
        case Order(items):
            said = page.join(*(_object_or_word(item, places) for item in items), between=" ")
        case Count(number):
            said = page.join(f"{number}")
        case Clock(hour):
            said = page.join(f"{hour} o'clock")
        case Region(polygon):
            said = page.join("a place around {}, {}".format(*deepest_point(polygon)))
        case BoundingBox(left, top, right, bottom):
            said = page.join(f"the box {left:.3f}, {top:.3f} to {right:.3f}, {bottom:.3f}")
        case CannotTell(reason):
            return page.join(f"can't be told: {reason.replace('_', ' ')}")
    error = [f"1σ {fact.error:.2g}{_unit_of_error(fact)}"] if fact.error else []
    given = [] if fact.given is None else [f"given {fact.given:.4g} m"]
    return page.join(said, f" ({', '.join(error + given)})" if error or given else "")


def _object_or_word(said: str, places: dict[str, int]) -> page.Markup:
    return _chip(places[said]) if said in places else page.join(page.shortened(said))


def _unit_of_error(fact: Fact) -> str:
    kind = KINDS.get(fact.kind)
    return "" if kind is None else f" {kind.form.error_unit}"


def _with_error(value: float, error: float) -> str:
    if not (math.isfinite(error) and error > 0):
        return f"{value:.4g}"
    decimals = min(max(1 - math.floor(math.log10(error)), 0), 6)
    return f"{value:.{decimals}f} ± {error:.{decimals}f}"


def _provenance(scene: Scene, source: Source, asked: int) -> str:
    up = {"given": "gravity was given", "plane": "up was found in the picture", "model": "up comes from a model"}
    surface = scene.support.surface
    notes = [
        page.counted(asked, "question"),
        f"{scene.camera.width} × {scene.camera.height} px, intrinsics from {page.shortened(scene.camera.provenance)}",
        f"{scene.scale} scale from {page.shortened(scene.scale_provenance)}",
        up[scene.gravity] if scene.gravity else "up is unknown",
        f"things stand on the {surface}" if surface else f"no support plane ({scene.support.refusal or 'none'})",
        f"{page.shortened(source.origin)}, {page.shortened(source.licence or 'no licence given')}",
    ]
    return " · ".join(notes)


def _name(found: Object, index: int) -> str:
    return found.instance.captions[0] if found.instance.captions else f"object {index + 1}"


def _object(scene: Scene, index: int) -> page.Markup:
    return page.element("span", _chip(index), page.shortened(_name(scene.objects[index], index)), css="object")


def _chip(index: int) -> page.Markup:
    red, green, blue = page.colour(index)
    return page.element("span", f"{index + 1}", css="chip", style=f"background:#{red:02x}{green:02x}{blue:02x}")
