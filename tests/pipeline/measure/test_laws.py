"""Laws of the facts: what motion, mirrors, scale and the order of objects may and may not change."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures.plain_facts import LENGTHS, MEASURED, PAPER, is_even, kinds_of, plain
from fixtures.worlds.boxes import made_up, random_boxes, scene_of
from spatialvlm.answers import SAME, Choice, YesNo
from spatialvlm.kinds import KINDS
from spatialvlm.pipeline.collect.shapes import ShapesSource
from spatialvlm.pipeline.lift import lift
from spatialvlm.pipeline.measure import MeasureConfig, measure
from spatialvlm.records import Frame, SceneErrors, Support
from spatialvlm.worlds.solids import frame_of

EASY = MeasureConfig(place_floor_m=0.0, size_floor_m=0.0, min_length_m=0.0, max_relative_error=1e9)
SOURCE = ShapesSource(500, width=320, height=240)
some_scene = st.integers(0, 499)


def table(scene, config=EASY):
    """The facts of the paper about a scene, by kind and subjects."""
    return {(fact.kind, fact.subjects): fact for fact in measure(scene, config, PAPER)}


def lengths(facts):
    """The values of the lengths in a table."""
    return {key: fact.answer.metres for key, fact in facts.items() if fact.kind in LENGTHS}


def same(first, second, rel=1e-6, atol=1e-9):
    """Two tables of lengths agree wherever both speak, and nearly always both do.

    Where only one speaks of a length that is nothing but rounding, a touch, they agree too.
    """
    both = first.keys() & second.keys()
    long = {key for facts in (first, second) for key, value in facts.items() if value > atol}
    assert len(long & both) >= 0.95 * len(long)
    for key in both:
        assert first[key] == pytest.approx(second[key], rel=rel, abs=atol), key


@given(st.integers(0, 10_000), st.floats(-0.3, 0.3), st.floats(-0.3, 0.3))
@settings(max_examples=15)
def test_moving_everything_sideways_changes_no_length(seed, dx, dy):
    scene = random_boxes(seed)
    shift = np.array([dx, dy, 0.0])
    objects = [
        dataclasses.replace(
            o,
            points_in_world=o.points_in_world + shift.astype(np.float32),
            box=dataclasses.replace(
                o.box, low_in_world=o.box.low_in_world + shift, high_in_world=o.box.high_in_world + shift
            ),
        )
        for o in scene.objects
    ]
    camera = scene.world_from_camera.copy()  # goes along, so that it sees the same
    camera[:3, 3] += shift
    moved = scene_of(objects, world_from_camera=camera)
    same(lengths(table(scene)), lengths(table(moved)), rel=1e-3, atol=1e-4)


@given(st.integers(0, 10_000), st.floats(-math.pi, math.pi))
@settings(max_examples=15)
def test_turning_the_points_keeps_the_gaps(seed, yaw):
    scene = random_boxes(seed)
    turn = np.array([[math.cos(yaw), -math.sin(yaw), 0], [math.sin(yaw), math.cos(yaw), 0], [0, 0, 1.0]])
    turned = scene_of(
        [
            made_up(o.instance.id, o.box.low_in_world, o.box.high_in_world, o.points_in_world @ turn.T)
            for o in scene.objects
        ]
    )
    first, second = (
        {key: value for key, value in lengths(table(s)).items() if key[0] == "gap"} for s in (scene, turned)
    )
    # The way between samples is corrected by their spacing, which an axis-aligned extent only estimates.
    same(first, second, rel=0.1, atol=0.02)


def test_gap_is_the_nearest_distance_of_the_points():
    scene = random_boxes(3)
    facts = table(scene)
    for (kind, (a, b)), fact in ((key, f) for key, f in facts.items() if key[0] == "gap"):
        clouds = [o.points_in_world.astype(float) for o in scene.objects if o.instance.id in (a, b)]
        nearest = np.linalg.norm(clouds[0][:, None] - clouds[1], axis=-1).min()
        assert kind == "gap"
        assert fact.answer.metres <= nearest
        assert fact.answer.metres == pytest.approx(nearest, abs=2 * fact.error)


def mirrored(frame: Frame) -> Frame:
    """The frame in a mirror: left is right."""
    k = frame.camera.image_from_camera.copy()
    k[0, 2] = frame.camera.width - k[0, 2]
    instances = []
    for i in frame.instances:
        x0, y0, x1, y1 = i.box_xyxy
        box = np.array([frame.camera.width - x1, y0, frame.camera.width - x0, y1], np.float32)
        instances.append(dataclasses.replace(i, mask=np.ascontiguousarray(i.mask[:, ::-1]), box_xyxy=box))
    return dataclasses.replace(
        frame,
        image=np.ascontiguousarray(frame.image[:, ::-1]),
        depth_m=np.ascontiguousarray(frame.depth_m[:, ::-1]),
        camera=dataclasses.replace(frame.camera, image_from_camera=k),
        gravity_in_camera=frame.gravity_in_camera * [-1, 1, 1],
        instances=tuple(instances),
    )


SWAP = {"left": "right", "right": "left"}


def swapped(kind):
    """The kind that says the same in a mirror."""
    word, _, rest = kind.partition("_")
    return f"{SWAP[word]}_{rest}" if word in SWAP and rest != "right_classify" else kind


@given(some_scene)
@settings(max_examples=10)
def test_a_mirror_swaps_left_and_right_and_nothing_else(k):
    description = SOURCE.describe(k)
    frame = frame_of(description, "frame", picture=False)
    reflection = mirrored(frame)
    here, there = (lift(f).scene for f in (frame, reflection))
    # Pixels are sampled from the other side, so a flag on the edge of its threshold may turn.
    flags = [{o.instance.id: (o.bottom, o.occluded, o.truncated) for o in scene.objects} for scene in (here, there)]
    alike = {name for name, said in flags[0].items() if flags[1].get(name) == said}
    assert len(alike) >= len(flags[0]) - 1
    first, second = table(here), table(there)
    first = {key: fact for key, fact in first.items() if alike.issuperset(key[1])}
    pairs = [(fact, second.get((swapped(kind), subjects))) for (kind, subjects), fact in first.items()]
    pairs = [(a, b) for a, b in pairs if b is not None]
    assert len(pairs) >= 0.9 * len(first)
    for a, b in pairs:
        here, there = plain(a.answer), plain(b.answer)
        if a.kind in LENGTHS:
            # Pixels are sampled from the other side, so faces move by a fraction of their error.
            assert there == pytest.approx(here, rel=0.02, abs=max(0.01, 2 * a.error)), (a, b)
        elif a.kind == "left_right_classify":
            assert there == SWAP.get(here, here)
        elif SAME not in (here, there):
            assert there == here, (a, b)


@given(some_scene, st.floats(0.7, 1.5))
@settings(max_examples=10)
def test_scaling_the_depth_scales_every_length(k, scale):
    description = SOURCE.describe(k)
    frame = frame_of(description, "frame", picture=False)
    larger = dataclasses.replace(frame, depth_m=(frame.depth_m * np.float32(scale)))
    one, two = (lift(f).scene for f in (frame, larger))
    # The band within which a thing counts as standing is absolute, so a few bottoms are decided otherwise.
    stands = {o.instance.id for o in one.objects} & {o.instance.id for o in two.objects}
    bottoms = {o.instance.id: o.bottom for o in one.objects}
    stands = {o.instance.id for o in two.objects if o.instance.id in stands and bottoms[o.instance.id] == o.bottom}
    first, second = table(one), table(two)
    for key in first.keys() & second.keys():
        if key[0] in LENGTHS and stands.issuperset(key[1]):
            within, expected = max(0.005, first[key].error), first[key].answer.metres * scale
            assert second[key].answer.metres == pytest.approx(expected, rel=0.02, abs=within), key


@given(st.integers(0, 10_000), st.permutations(range(5)))
@settings(max_examples=12)
def test_the_order_of_objects_does_not_matter(seed, order):
    scene = random_boxes(seed)
    shuffled = dataclasses.replace(scene, objects=tuple(scene.objects[k] for k in order))
    first, second = measure(scene, EASY, MEASURED), measure(shuffled, EASY, MEASURED)
    assert first.refusals == second.refusals

    def key(fact):
        kind, subjects = KINDS[fact.kind], fact.subjects
        if kind.listed:
            return fact.kind, subjects[: kind.subjects], frozenset(subjects[kind.subjects :])
        if kind.form.compares or kind.form.directed:
            return fact.kind, subjects
        first = kind.subjects == 3  # A between B and C
        return fact.kind, subjects[:first], frozenset(subjects[first:])

    one, two = ({key(fact): fact for fact in facts} for facts in (first, second))
    assert one.keys() == two.keys()
    for name, fact in one.items():
        if KINDS[fact.kind].form.is_number:
            assert plain(two[name].answer) == pytest.approx(plain(fact.answer), abs=1e-3)
        else:
            assert said(two[name]) == said(fact)


def said(fact):
    """What an answer says, whatever the order in which it lists."""
    return fact.answer.chosen if isinstance(fact.answer, Choice) else fact.answer


@given(st.integers(0, 10_000))
@settings(max_examples=12)
def test_opposites_agree(seed):
    facts = table(random_boxes(seed))
    for (name, subjects), fact in facts.items():
        kind = KINDS[name]
        if not name.endswith("_predicate"):
            continue
        opposite = facts[f"{kind.opposite}_predicate", subjects]
        turned = facts[name, subjects[::-1]]
        if is_even(fact.answer):
            assert is_even(opposite.answer)
            assert is_even(turned.answer)
        else:
            assert opposite.answer == turned.answer == YesNo(not fact.answer.yes)
            choice = facts[f"{kind.word}_choice", subjects]
            assert choice.answer == Choice(subjects, 0 if fact.answer.yes else 1)


def test_relative_scale_says_no_metre():
    facts = measure(dataclasses.replace(random_boxes(1), scale="relative"), EASY, MEASURED)
    assert not kinds_of(facts) & LENGTHS
    assert facts.refusals["distance", "relative_scale"] == 10


def test_unknown_gravity_withholds_what_the_paper_withholds():
    scene = dataclasses.replace(random_boxes(1), gravity=None, support=Support(None, "why"))
    facts = measure(scene, EASY, PAPER)
    assert kinds_of(facts) == {name for name in PAPER if not KINDS[name].needs_gravity}
    assert not [name for name in kinds_of(measure(scene, EASY, MEASURED)) if KINDS[name].needs_gravity]
    assert facts.in_frame == "camera"


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_objects(count):
    facts = measure(random_boxes(0, count), EASY, PAPER)
    singles = kinds_of(facts, facts.subjects[:, 1] < 0)
    assert singles == ({"height", "width", "elevation"} if count else set())
    assert (len(facts) > 3 * count) == (count > 1)


def test_second_witnesses_refuse():
    points = np.random.default_rng(0).uniform(-0.05, 0.05, (50, 3))
    cup = made_up("cup", np.array([0.2, 2.0, 0.8]), np.array([0.3, 2.1, 0.9]), points + [0.25, 2.05, 0.85])
    shelf = made_up("shelf", np.array([-1.0, 2.2, 0.0]), np.array([-0.6, 2.6, 2.2]), points + [-0.8, 2.4, 1.1])
    facts = measure(scene_of([cup, shelf]), kinds=PAPER)
    # The cup's bottom is higher, its centre lower: nobody agrees on which of the two is above.
    assert facts.refusals["above_predicate", "witnesses_disagree"] == 1
    table_top = made_up("table", np.array([-0.5, 1.5, 0.7]), np.array([0.5, 2.5, 0.75]), points + [0.0, 2.0, 0.72])
    facts = measure(scene_of([cup, table_top]), kinds=PAPER)
    assert facts.refusals["left_predicate", "nested"] == 1, "a cup on a table is not right of it"


def test_margin_and_dead_zone():
    points = np.zeros((4, 3))

    def verdict(apart, error):
        low = np.array([0.0, 2.0, 0.5])
        a = made_up("a", low, low + 0.1, points, error)
        b = made_up("b", low + [apart, 0, 0], low + [apart + 0.1, 0.1, 0.1], points, error)
        facts = measure(scene_of([a, b]), MeasureConfig(place_floor_m=0.04, place_floor_share=0.0), PAPER)
        found = {facts.kinds[k].name: v for k, v in zip(facts.kind, facts.outcome, strict=True)}
        return found.get("left_predicate", "refused")

    assert verdict(0.2, 0.002) != 0
    assert verdict(0.01, 0.002) == 0
    assert verdict(0.038, 0.002) == "refused", "neither beyond the floor nor certainly within"
    assert verdict(0.2, 0.2) == "refused", "beyond the floor but not beyond three sigma"


@pytest.mark.parametrize("reach_px", [1e-3, 1e6])
def test_drift_moves_neighbours_together_and_others_apart(reach_px):
    """Where two objects share all drift it is an error of scale; where they share none their errors add up."""
    scene = random_boxes(3)
    local = SceneErrors(0.0, 0.0, 0.0, local=0.02, local_reach_px=reach_px)
    facts = table(dataclasses.replace(scene, errors=local), dataclasses.replace(EASY, max_relative_error=9.0))
    exact = table(scene)
    viewer = scene.world_from_camera[:3, 3]
    by_id = {o.instance.id: o.box for o in scene.objects}
    for (kind, subjects), fact in facts.items():
        if kind != "distance":
            continue
        a, b = ((by_id[s].low_in_world + by_id[s].high_in_world) / 2 - viewer for s in subjects)
        direction = (a - b) / np.linalg.norm(a - b)
        apart = math.hypot(a @ direction, b @ direction) if reach_px < 1 else fact.answer.metres
        assert fact.error == pytest.approx(math.hypot(exact[kind, subjects].error, 0.02 * apart), rel=1e-6)


def test_drift_makes_facts_doubtful_never_different():
    scene = random_boxes(5)
    drifting = dataclasses.replace(scene, errors=SceneErrors(0.0, 0.0, 0.0, local=0.05, local_reach_px=50.0))
    sure, doubtful = table(scene), table(drifting)
    assert 0 < len(doubtful) < len(sure)
    for key, fact in doubtful.items():
        assert is_even(fact.answer) or plain(fact.answer) == plain(sure[key].answer)
        assert fact.error >= sure[key].error
