"""A Scene asked directly: names of objects and a kind of question enter, the answer with its error leaves.

    scene["red mug"]                          one Object, or an error that lists the names
    scene.distance("red mug", "bowl")         SceneAnswer(answer=Length(metres=0.61), error=0.02, text="61 cm", ...)
    scene.ask("between", "mug", "bowl", "box")
    scene.count_of_class("mug")

Only the objects that are named are measured, so that a refusal is about them alone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import partial
from typing import Any

from spatialvlm.answers import (
    Angle,
    Answer,
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
from spatialvlm.captions import classes_of
from spatialvlm.errors import UserError
from spatialvlm.kinds import KIND_NAMES, KINDS, THOUSANDTHS, Kind, Voice
from spatialvlm.pipeline.measure import REASONS, measure
from spatialvlm.pipeline.phrase import object_names
from spatialvlm.records import Fact, Facts, Object, Scene

MIDDLE = (0.5, 0.5, 0.5)
OTHER_WAY = "the other way round"


@dataclass(frozen=True, slots=True)
class SceneAnswer:
    """What a scene says: the answer in the names that it was asked with, its 1-sigma error in SI units, and in words.

    `error` is that of the number that was decided on, None where nothing can be told. `fact` is the evidence.
    """

    answer: Answer
    error: float | None
    text: str
    fact: Fact | None = None

    @property
    def value(self) -> float | int | bool | str | tuple[str, ...] | None:
        """The answer as a plain value in SI units; None for what can't be told, and for places."""
        match self.answer:
            case Length(value) | Angle(value) | Area(value):
                return value
            case Count(value) | Clock(value):
                return value
            case YesNo(yes):
                return yes
            case Choice() as choice:
                return choice.chosen
            case Order(items):
                return items
            case Region() | BoundingBox() | CannotTell():
                return None


def object_named(scene: Scene, name: str) -> Object:
    """Find the object of a name, a caption or an id. Raises UserError where none or several are called so."""
    wanted = _plain(name)
    called = {o.instance.id: {o.instance.id, *map(_plain, o.instance.captions)} for o in scene.objects}
    for id_, phrase in object_names(scene).items():
        called[id_].add(_plain(phrase))
    found = [o for o in scene.objects if wanted in called[o.instance.id]]
    if not found:  # "mug" for "red mug": the words that were given, all of them
        words = set(wanted.split())
        found = [o for o in scene.objects if any(words <= set(own.split()) for own in called[o.instance.id])]
    if len(found) == 1:
        return found[0]
    names = ", ".join(_called(scene, o) for o in (found or scene.objects)) or "none"
    what = "several are called so" if found else "no object is called so"
    raise UserError(f"object {name!r} in scene {scene.frame_id!r}: {what}; expected one of: {names}")


def ask_scene(scene: Scene, kind: str, *names: str, given: float | None = None) -> SceneAnswer:
    """Answer a question of a kind about the objects of these names, in the order of its slots.

    `given` is the length in metres of kinds that give one. Raises UserError for an unknown kind or name, and for
    another number of names.
    """
    row = _kind_of(kind)
    if not row.form.names_subjects:
        return _ask_class(scene, row, names)
    _check_count(row, names)
    objects = tuple(object_named(scene, name) for name in names)
    ids = tuple(o.instance.id for o in objects)
    if len(set(ids)) < len(ids):
        raise UserError(f"{kind} of {', '.join(map(repr, names))}: two of them are one object; expected different ones")
    facts = measure(replace(scene, objects=objects), kinds=[kind])
    fact = _fact_about(row, facts, ids, given)
    if fact is None:
        return _untold(next((reason for _, reason in facts.refusals), OTHER_WAY))
    by_id = dict(zip(ids, names))
    answer = in_words(fact.answer, by_id) if row.form.of_subjects else fact.answer
    return SceneAnswer(answer, fact.error, _say(row, fact, answer, by_id), fact)


def _ask_class(scene: Scene, kind: Kind, names: Sequence[str]) -> SceneAnswer:
    """Count the objects of a class by its noun. Raises UserError where nothing is called so."""
    found = {noun: one for one in classes_of(scene) for noun in (one.noun, one.plural)}
    one = found.get(_plain(names[0])) if len(names) == 1 else None
    if one is None:
        known = ", ".join(repr(each.noun) for each in found.values()) or "none"
        raise UserError(f"{kind.name} of {', '.join(map(repr, names)) or 'nothing'}: expected one of the nouns {known}")
    members = tuple(scene.objects[place] for place in one.members)
    facts = measure(replace(scene, objects=members), kinds=[kind.name])
    doubts = [reason for _, reason in facts.refusals if reason != "outweighed"]  # decided, but seldom asked
    if one.doubt or doubts:
        return _untold(one.doubt or doubts[0])
    answer = kind.answer(facts.object_ids, float(len(members)), len(members))
    fact = Fact(kind.name, facts.object_ids, answer, 0.0, facts.in_frame)
    return SceneAnswer(answer, fact.error, _say(kind, fact, answer, {}), fact)


def _untold(reason: str) -> SceneAnswer:
    return SceneAnswer(CannotTell(reason), None, f"can't be told: {REASONS.get(reason, reason)}")


def method_of(scene: Scene, name: str) -> Callable[..., SceneAnswer]:
    """Return a function that asks a scene for a kind. Raises AttributeError for what is no kind."""
    if name not in KINDS:
        close = get_close_matches(name, KIND_NAMES, 1)
        hint = f"; did you mean {close[0]!r}?" if close else "; kinds of question can be asked by their names"
        raise AttributeError(f"a Scene has no attribute {name!r}{hint}")
    return partial(ask_scene, scene, name)


def _kind_of(name: str) -> Kind:
    if name not in KINDS:
        close = get_close_matches(name, KIND_NAMES, 1)
        hint = f"did you mean {close[0]!r}? " if close else ""
        raise UserError(f"kind {name!r}: unknown; {hint}`spatialvlm questions` lists all")
    return KINDS[name]


def _check_count(kind: Kind, names: Sequence[str]) -> None:
    counts = [kind.subjects + size for size in (kind.sizes if kind.listed else (0,))]
    if len(names) not in counts:
        some = " or ".join(map(str, counts))
        raise UserError(f"{kind.name}: got {len(names)} names, expected {some}: {kind.asks}")


def _fact_about(kind: Kind, facts: Facts, ids: tuple[str, ...], given: float | None) -> Fact | None:
    """Find the fact about these subjects: in this order where the order matters."""
    fixed = ids[: kind.subjects]
    found = [fact for fact in facts if fact.subjects[: kind.subjects] == fixed and set(fact.subjects) == set(ids)]
    form = kind.form
    if not found and not (form.directed or form.compares or form.in_roles or kind.listed):
        # The order of a distance says nothing, and what is between two is between them in either order.
        first = ids[:1] if kind.subjects > 2 else ()
        found = [fact for fact in facts if fact.subjects[: len(first)] == first and set(fact.subjects) == set(ids)]
    if not kind.given or not found:
        return found[0] if found else None
    limits = [fact.given for fact in found]
    if given is None or given not in limits:
        known = ", ".join(f"{limit:g}" for limit in limits if limit is not None)
        raise UserError(f"{kind.name}: given is {given!r}, expected a length in metres that is decided: {known}")
    return found[limits.index(given)]


def _say(kind: Kind, fact: Fact, answer: Answer, names: dict[str, str]) -> str:
    match answer:
        case YesNo(yes):
            return "yes" if yes else "no"
        case Choice() as choice:
            return choice.chosen
        case Order(items):
            return ", ".join(items)
        case Count(number):
            return f"{number}"
        case Clock(hour):
            return f"{hour} o'clock"
        case Length(metres):
            return Voice(MIDDLE, exact=True).length(metres, fact.error)
        case Angle(radians):
            side = f" {kind.word if radians > 0 else kind.opposite}" if kind.word else ""
            return f"{Voice(MIDDLE, exact=True).angle(radians, fact.error)}{side}"
        case Area(square_metres):
            return f"{square_metres:.3g} m²"
        case Region():
            return "a place in the image"
        case BoundingBox() as box:
            return f"[{THOUSANDTHS.say(box.corners)}] of 1000"
        case CannotTell(reason):
            return reason


def _called(scene: Scene, thing: Object) -> str:
    captions: Any = thing.instance.captions
    return repr(captions[0] if captions else thing.instance.id)


def _plain(name: str) -> str:
    words = name.lower().split()
    return " ".join(words[1:] if len(words) > 1 and words[0] in ("the", "a", "an") else words)
