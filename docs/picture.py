"""The picture of the README: one rendered room with its boxes, and three questions about it.

    python docs/picture.py

Writes docs/picture.png. Everything in it comes from the pipeline: the boxes, the answers, the numbers with their
errors. The texts need the fonts of OpenCV 5.
"""

from pathlib import Path

import cv2
import numpy as np

import spatialvlm as sv
from spatialvlm.geometry import invert, project, transform
from spatialvlm.kinds import KINDS
from spatialvlm.page.overlay import colour
from spatialvlm.pipeline.collect.rooms import RoomsSource
from spatialvlm.pipeline.measure import MeasureConfig
from spatialvlm.pipeline.phrase import PhraseConfig

FRAME = 6
SEED = 30
SPP = 48
ASKED = ("distance", "tall_choice", "gap")  # the briefest question of each kind
SCALE = 2  # everything is drawn so much larger and averaged down
PHOTO = (880, 660)
PANEL = 660
MARGIN = 34
INK, GREY, PALE, PAPER = (32, 35, 42), (112, 118, 128), (214, 217, 222), (252, 252, 250)
ACCENT, BAND = (34, 108, 196), (216, 229, 246)
SANS = cv2.FontFace("sans")


def main() -> None:
    """Draw it."""
    frame = RoomsSource(FRAME + 1).truth(FRAME).frame
    scene = sv.lift(frame).scene
    facts = sv.measure(scene)
    questions = sv.phrase(scene, facts, SEED, PhraseConfig(questions_per_image=120)).questions
    chosen = [min((qa for qa in questions if qa.kind == kind), key=words) for kind in ASKED]
    large = RoomsSource(FRAME + 1, size=(SCALE * PHOTO[0], SCALE * PHOTO[1]), spp=SPP).read(FRAME).frame
    photo = cv2.bilateralFilter(large.image, 9, 18.0, 4.0)  # what is left of the noise would double the bytes
    told = {id_: name_in(qa, scene, id_) for qa in chosen for id_ in qa.fact.subjects}
    draw_boxes(photo, scene, large.camera.image_from_camera, told)
    panel = np.full((photo.shape[0], SCALE * PANEL, 3), PAPER, np.uint8)
    for place, qa in enumerate(chosen):
        draw_question(panel, 26 + place * 204, qa, scene, facts)
    note = f"{len(scene.objects)} objects, {len(facts)} facts. What the error bar can't decide is not asked."
    write(panel, note, 642, 16, GREY)
    picture = np.concatenate([photo, panel], axis=1)
    small = cv2.resize(picture, (PHOTO[0] + PANEL, PHOTO[1]), interpolation=cv2.INTER_AREA)
    path = Path(__file__).with_name("picture.png")
    small = small & 0xFC | small >> 6  # six bits a channel: half the bytes
    path.write_bytes(cv2.imencode(".png", small[:, :, ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 9])[1].tobytes())


def words(qa) -> int:
    """How long a question and its answer are."""
    return len(qa.question) + len(qa.answer)


def name_in(qa, scene, object_id) -> str:
    """What a question calls an object."""
    captions = next(o.instance.captions for o in scene.objects if o.instance.id == object_id)
    return max((caption for caption in captions if caption in qa.question), key=len)


def draw_boxes(photo, scene, image_from_camera, told) -> None:
    """The viewer-aligned box of every uncut object in perspective, far ones first; names of those in `told`."""
    camera_from_world = invert(scene.world_from_camera)
    order = np.argsort([-transform(camera_from_world, o.box.low_in_world[None])[0, 2] for o in scene.objects])
    tags = []
    for index in order.tolist():
        thing = scene.objects[index]
        if thing.truncated:
            continue
        faces = np.stack([thing.box.low_in_world, thing.box.high_in_world])
        corners = np.array([[faces[i, 0], faces[j, 1], faces[k, 2]] for i in (0, 1) for j in (0, 1) for k in (0, 1)])
        pixels = project(image_from_camera, transform(camera_from_world, corners))
        named = thing.instance.id in told
        rgb = colour(index) if named else (250, 250, 250)
        for a in range(8):
            for bit in (1, 2, 4):
                if a & bit == 0:
                    line(photo, pixels[a], pixels[a | bit], rgb, 2.2 if named else 1.2)
        if named:
            tags.append((pixels, told[thing.instance.id], rgb))
    for pixels, caption, rgb in tags:
        tag(photo, pixels, caption, rgb)


def line(image, start, end, rgb, width) -> None:
    """An anti-aliased line between two points in drawn pixels."""
    fixed = [tuple(np.rint(16 * (point - 0.5)).astype(int).tolist()) for point in (start, end)]
    cv2.line(image, *fixed, rgb, max(1, round(width * SCALE)), cv2.LINE_AA, 4)


def tag(image, pixels, caption, rgb) -> None:
    """A caption above the topmost corner of a box."""
    size, pad = 17 * SCALE, 6 * SCALE
    (x0, y0), (x1, _) = pixels.min(axis=0), pixels.max(axis=0)
    width = text_width(caption, 17, 600)
    left = int(np.clip((x0 + x1) / 2 - width / 2 - pad, pad, image.shape[1] - width - 3 * pad))
    bottom = int(max(y0 - pad, size + 3 * pad))
    cv2.rectangle(image, (left, bottom - size - pad), (left + width + 2 * pad, bottom), INK, -1, cv2.LINE_AA)
    cv2.rectangle(image, (left, bottom - 3 * SCALE), (left + width + 2 * pad, bottom), rgb, -1)
    cv2.putText(image, caption, (left + pad, bottom - pad - 3 * SCALE), (255, 255, 255), SANS, size, 600)


def draw_question(panel, top, qa, scene, facts) -> None:
    """One question: its kind, its words, its answer, and the number behind it with its error."""
    write(panel, qa.kind, top + 14, 16, ACCENT, 600)
    y = top + 42
    for row in wrapped(qa.question, 21, 400):
        write(panel, row, y, 21, INK)
        y += 27
    write(panel, qa.answer, y + 5, 24, INK, 700)
    draw_number(panel, y + 42, qa, scene, facts)


def draw_number(panel, y, qa, scene, facts) -> None:
    """The number on an axis that is wide enough for its error to be seen; for a comparison the axis holds zero."""
    number, error = number_of(qa, facts), qa.fact.error
    compares = KINDS[qa.kind].form.compares
    low, high = (number - 8 * error, number + 8 * error)
    if compares:
        low, high = min(number, 0.0) - 4 * error, max(number, 0.0) + 4 * error
    left, right = MARGIN * SCALE, (MARGIN + 340) * SCALE
    y *= SCALE

    def at(value):
        return np.array([left + (value - low) / (high - low) * (right - left), y + 0.5])

    if compares:
        margin = size_margin(qa, scene)
        zone = [round(float(at(np.clip(end, low, high))[0])) for end in (-margin, margin)]
        cv2.rectangle(panel, (zone[0], y - 13 * SCALE), (zone[1], y + 1), BAND, -1)
        text = "within the margin"
        place = (sum(zone) - text_width(text, 13, 400)) // 2
        cv2.putText(panel, text, (place, y - 4 * SCALE), GREY, SANS, 13 * SCALE, 400)
    line(panel, at(low), at(high), PALE, 1.4)
    for tick in ticks(low, high):
        line(panel, at(tick), at(tick) + np.array([0, 6 * SCALE]), PALE, 1.4)
        label = f"{tick:.10g}".replace("-", "−") + " m"
        x, width = at(tick)[0], text_width(label, 14, 400)
        cv2.putText(panel, label, (round(x - width / 2), y + 21 * SCALE), GREY, SANS, 14 * SCALE, 400)
    for reach, width in ((2, 1.6), (1, 4.5)):
        line(panel, at(number - reach * error), at(number + reach * error), ACCENT, width)
    dot = tuple(np.rint(at(number)).astype(int).tolist())
    cv2.circle(panel, dot, 5 * SCALE, PAPER, -1, cv2.LINE_AA)
    cv2.circle(panel, dot, 5 * SCALE, ACCENT, 2 * SCALE, cv2.LINE_AA)
    said = f"{number:.3f} ± {error:.3f} m".replace("-", "−")
    cv2.putText(panel, said, (right + 24 * SCALE, y + 2 * SCALE), INK, SANS, 20 * SCALE, 600)
    what = "difference and its 1 sigma" if compares else "length and its 1 sigma"
    cv2.putText(panel, what, (right + 24 * SCALE, y + 22 * SCALE), GREY, SANS, 14 * SCALE, 400)


def size_margin(qa, scene) -> float:
    """What a difference of two widths or heights must exceed to be asked; see `MeasureConfig`."""
    config, axis = MeasureConfig(), {"width": 0, "height": 2}[KINDS[qa.kind].quantity]
    extents = [o.box.high_in_world - o.box.low_in_world for o in scene.objects if o.instance.id in qa.fact.subjects]
    floor = max(config.size_floor_m, config.size_floor_share * max(extent[axis] for extent in extents))
    return float(max(floor, config.margin_sigmas * qa.fact.error))


def number_of(qa, facts) -> float:
    """What an answer was decided on: the length, or the difference of a comparison."""
    rows = [row for row, fact in enumerate(facts) if (fact.kind, fact.subjects) == (qa.kind, qa.fact.subjects)]
    return float(facts.number[rows[0]])


def ticks(low, high) -> list[float]:
    """Three to six round values within a range."""
    for step in (m * 10.0**e for e in range(-4, 3) for m in (1, 2, 5)):
        if (high - low) / step <= 5:
            first = int(np.ceil(low / step))
            return [round(n * step, 9) for n in range(first, int(np.floor(high / step)) + 1)]
    return []


def text_width(text, size, weight) -> int:
    """In drawn pixels."""
    return cv2.getTextSize((10000, 100), text, (0, 50), SANS, size * SCALE, weight)[2]


def wrapped(text, size, weight) -> list[str]:
    """The lines of a text in the panel."""
    rows = [""]
    for word in text.split():
        longer = f"{rows[-1]} {word}".strip()
        if text_width(longer, size, weight) > (PANEL - 2 * MARGIN) * SCALE:
            rows.append(word)
        else:
            rows[-1] = longer
    return rows


def write(panel, text, y, size, rgb, weight=400) -> None:
    """A line of text at the panel's margin."""
    cv2.putText(panel, text, (MARGIN * SCALE, y * SCALE), rgb, SANS, size * SCALE, weight)


if __name__ == "__main__":
    main()
