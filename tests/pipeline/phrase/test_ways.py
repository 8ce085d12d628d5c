"""One fact, several renderings: ways of asking keep the fact, have one right answer, and do not show which it is."""

import json
import math
import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

import spatialvlm as sv
from spatialvlm.answers import SAME, Angle, Answer, Choice, Clock, Count, Length, Order, Region, YesNo, in_words
from spatialvlm.geometry import decode_mask
from spatialvlm.kinds import KINDS, MIXES
from spatialvlm.pipeline.collect import CollectConfig
from spatialvlm.pipeline.collect import collect as collect_source
from spatialvlm.pipeline.phrase import PhraseConfig, phrase
from spatialvlm.pipeline.phrase.ways import WAYS, ask_in_a_way
from spatialvlm.quantities import parse
from spatialvlm.records import QA, Fact

LETTER = re.compile(r"\(?([A-Z])[).]")
NAMES = ("the mug", "the bowl", "the lamp", "the box")


def asked(kind: str, answer: Answer, error: float = 0.0, names: tuple[str, ...] = NAMES[:2], **given) -> QA:
    """A question of a kind as it is asked openly."""
    ids = tuple(f"id{place}" for place, _ in enumerate(names))
    fact = Fact(kind, ids, in_words(answer, dict(zip(names, ids))), error, "world")
    template = f"{kind}/q01/a01"
    return QA("f", kind, KINDS[kind].family, "What?", "That.", fact, template, "caption", 0, names, answer, **given)


def lengths(count: int, rng: np.random.Generator, relative_error: float = 0.02):
    for metres in np.exp(rng.uniform(math.log(0.012), math.log(20.0), count)).tolist():
        yield asked("distance", Length(metres), metres * relative_error * rng.random())


def said_options(qa: QA) -> list[str]:
    """The options as the question lists them."""
    return re.findall(r"\([A-Z]\) (.*?)(?= \([A-Z]\) |$)", qa.question.split("?", 1)[1])


@pytest.fixture(scope="module")
def scenes():
    """Simple solids with all that is measured on them."""
    samples = collect_source("shapes:25", CollectConfig((200, 150)))
    found = [sv.lift(sample.frame).scene for sample in samples]
    return [(scene, sv.measure(scene, kinds=MIXES["paper"])) for scene in found if scene is not None]


def is_uniform(counts: Counter, places: int, *, sigmas: float = 4.5) -> bool:
    total = sum(counts.values())
    share = 1 / places
    return all(
        abs(counts[place] - total * share) < sigmas * math.sqrt(total * share * (1 - share)) for place in range(places)
    )


@pytest.mark.parametrize(("exact", "count"), [(False, 1200), (True, 800)])
def test_the_right_length_does_not_show(exact, count):
    rng = np.random.default_rng(3)
    ranks, places, digits, short = Counter(), Counter(), Counter(), Counter()
    for qa in lengths(count, rng):
        one = ask_in_a_way(qa, ("choice",), rng, exact=exact)
        assert one.asked_as == "choice", "no length is too small or too large to choose"
        options = said_options(one)
        assert tuple(options) == one.value.options
        values = [parse(option) for option in options]
        right = values[one.value.right]
        ranks[sorted(values).index(right)] += 1
        places[one.value.right] += 1
        figures = [len(re.sub(r"\D", "", option).strip("0")) for option in options]
        least = [place for place in range(4) if figures[place] == min(figures)]
        digits[one.value.right in least] += 1
        short[0] += len(least) / 4
    assert is_uniform(ranks, 4)
    assert is_uniform(places, 4)
    rounder = (digits[True] - short[0]) / count
    assert abs(rounder) < 2 / math.sqrt(count), "it is as often the roundest as any other"


@pytest.mark.parametrize("relative_error", [0.0, 0.05, 0.15])
def test_wrong_lengths_are_wrong_for_sure_and_said_alike(relative_error):
    rng = np.random.default_rng(4)
    for qa in lengths(300, rng, relative_error):
        metres, error = qa.fact.answer.metres, qa.fact.error
        one = ask_in_a_way(qa, ("choice",), rng)
        values = [parse(option) for option in one.value.options]
        margin = max(3 * error, 0.25 * metres)
        wrong = [value for place, value in enumerate(values) if place != one.value.right]
        right = values[one.value.right]
        assert len({*values}) == 4
        assert all(abs(value - metres) > margin for value in wrong)
        assert all(abs(value - metres) > abs(right - metres) for value in wrong)
        units = {re.sub(r"^[\d.]+ ", "", option).rstrip("s") for option in one.value.options}
        assert len(units) == 1 or units == {"foot", "feet"} or units == {"inch", "inche"}


def test_lengths_are_offered_in_the_unit_that_the_question_names():
    rng = np.random.default_rng(5)
    for unit, word in (("centimeter", r"cm|centimeters?"), ("inch", "inch|inches")):
        one = ask_in_a_way(asked("distance", Length(0.8), 0.01, unit=unit), ("choice",), rng)
        assert all(re.fullmatch(rf"[\d.]+ ({word})", option) for option in one.value.options)


def test_an_error_that_allows_no_wrong_length_leaves_the_question_open():
    qa = asked("distance", Length(0.5), 0.2)
    assert ask_in_a_way(qa, ("choice",), np.random.default_rng(0)) is qa
    assert ask_in_a_way(qa, ("choice", "json"), np.random.default_rng(0)).asked_as == "json"


def test_the_right_angle_does_not_show():
    rng = np.random.default_rng(6)
    ranks, asked_as = Counter(), Counter()
    for degrees in rng.uniform(6, 40, 800).tolist():
        sign = 1 if rng.random() < 0.5 else -1
        one = ask_in_a_way(asked("bearing", Angle(sign * math.radians(degrees)), 0.005), ("choice",), rng)
        asked_as[one.asked_as] += 1
        if one.asked_as == "choice":
            values = [int(re.findall(r"\d+", option)[0]) for option in one.value.options]
            ranks[sorted(values).index(values[one.value.right])] += 1
            assert one.value.chosen.endswith("right" if sign > 0 else "left")
            assert len({*values}) == 4
            others = [value for place, value in enumerate(values) if place != one.value.right]
            assert all(abs(value - degrees) > 0.25 * degrees for value in others)
    assert asked_as["choice"] > 700
    assert is_uniform(ranks, 4)


@pytest.mark.parametrize("number", range(5))
def test_counts_are_offered_that_could_be(number):
    rng = np.random.default_rng(number)
    qa = asked("count_within", Count(number), names=("the mug", *"abcd"))
    for _ in range(50):
        value = ask_in_a_way(qa, ("choice",), rng).value
        assert value.chosen == f"{number}"
        assert len({*value.options}) == 4
        assert {*map(int, value.options)} <= {0, 1, 2, 3, 4}
        assert ask_in_a_way(qa, ("yes_no",), rng).asked_as == "yes_no"


def test_all_hours_on_offer_are_two_apart():
    rng = np.random.default_rng(7)
    for hour in (*range(1, 13),) * 20:
        value = ask_in_a_way(asked("clock_direction", Clock(hour)), ("choice",), rng).value
        assert value.chosen == f"{hour} o'clock"
        hours = sorted(int(option.split()[0]) for option in value.options)
        gaps = [(after - before) % 12 for before, after in zip(hours, [*hours[1:], hours[0]])]
        assert min(gaps) >= 2
        other = ask_in_a_way(asked("clock_direction", Clock(hour)), ("yes_no",), rng)
        said = int(re.findall(r"at (\d+) o'clock", other.question)[0])
        assert other.value.yes is (said == hour)
        assert said == hour or min((said - hour) % 12, (hour - said) % 12) >= 2


def test_orders_are_offered_as_other_orders():
    rng = np.random.default_rng(8)
    value = ask_in_a_way(asked("order_by_depth", Order(NAMES[:3]), names=NAMES[:3]), ("choice",), rng).value
    assert value.chosen == "the mug, the bowl, the lamp"
    assert len({*value.options}) == 4
    assert {tuple(sorted(option.split(", "))) for option in value.options} == {tuple(sorted(NAMES[:3]))}


def test_comparisons_offer_that_it_is_about_the_same_whether_it_is_or_not():
    rng = np.random.default_rng(9)
    cases = {
        ("left_choice", Choice(NAMES[:2], 1)): {*NAMES[:2], SAME},
        ("left_choice", Choice((*NAMES[:2], SAME), 2)): {*NAMES[:2], SAME},
        ("left_predicate", YesNo(True)): {"yes", "no", SAME},
        ("left_predicate", Choice(("yes", "no", SAME), 2)): {"yes", "no", SAME},
        ("tall_short_classify", Choice(("tall", "short"), 0)): {"taller", "shorter", SAME},
        ("between", YesNo(False)): {"yes", "no"},
        ("nearest", Choice(NAMES[1:], 0)): {*NAMES[1:]},
        ("perspective_side", Choice(("left", "right"), 0)): {"to the left", "to the right"},
    }
    for (kind, answer), options in cases.items():
        one = ask_in_a_way(asked(kind, answer, names=NAMES), ("choice",), rng)
        assert {*one.value.options} == options
        told = json.loads(ask_in_a_way(asked(kind, answer, names=NAMES), ("json",), rng).answer)["answer"]
        said = ("yes" if answer.yes else "no") if isinstance(answer, YesNo) else answer.chosen
        assert told == said


def test_letters_are_balanced_whatever_is_offered():
    rng = np.random.default_rng(10)
    for qa in (asked("left_predicate", YesNo(True)), asked("left_choice", Choice(NAMES[:2], 0))):
        places = Counter(ask_in_a_way(qa, ("choice",), rng).value.right for _ in range(1500))
        assert is_uniform(places, 3)


def test_answers_to_a_choice_begin_with_or_hold_the_letter():
    rng = np.random.default_rng(11)
    wordings = Counter()
    for qa in lengths(300, rng):
        one = ask_in_a_way(qa, ("choice",), rng)
        letters = LETTER.findall(one.answer)
        assert ["ABCD"[one.value.right]] == letters[:1]
        wordings[one.template] += 1
    assert set(wordings) == {f"distance/q01/choice{n:02d}" for n in range(1, 6)}


@pytest.mark.parametrize(
    "qa",
    [
        asked("distance", Length(0.6), 0.02),
        asked("bearing", Angle(-0.3), 0.01),
        asked("count_within", Count(2), names=("the mug", *"abcd")),
        asked("clock_direction", Clock(3)),
        asked("nearest", Choice(NAMES[1:], 2), names=NAMES),
        asked("wide_thin_classify", Choice(("wide", "thin"), 1)),
        asked("order_by_depth", Order(NAMES), names=NAMES),
    ],
    ids=lambda qa: qa.kind,
)
def test_yes_and_no_are_balanced(qa):
    rng = np.random.default_rng(12)
    found = [ask_in_a_way(qa, ("yes_no",), rng) for _ in range(600)]
    assert all(one.asked_as == "yes_no" and isinstance(one.value, YesNo) for one in found)
    assert all(one.answer.rstrip(".") == ("Yes" if one.value.yes else "No") for one in found)
    assert abs(sum(one.value.yes for one in found) - 300) < 5 * math.sqrt(150)
    assert len({one.question for one in found}) > 1


def test_limits_are_beyond_the_margin():
    rng = np.random.default_rng(13)
    for qa in lengths(300, rng, 0.15):
        one = ask_in_a_way(qa, ("yes_no",), rng)
        metres, limit = qa.fact.answer.metres, parse(one.question.split("more than ")[1].rstrip("?"))
        assert one.value.yes is (metres > limit)
        assert abs(metres - limit) > max(3 * qa.fact.error, 0.25 * metres)


def test_what_is_about_the_same_is_no_question_of_yes_or_no():
    qa = asked("left_choice", Choice((*NAMES[:2], SAME), 2))
    assert ask_in_a_way(qa, ("yes_no",), np.random.default_rng(0)) is qa


def test_json_says_the_value_within_its_error():
    rng = np.random.default_rng(14)
    for qa in lengths(300, rng, 0.15):
        one = ask_in_a_way(qa, ("json",), rng)
        (number,) = (told := json.loads(one.answer)).values()
        assert list(told) == ["meters"]
        assert one.unit == "meter"
        assert abs(number - qa.fact.answer.metres) <= max(qa.fact.error, 0.005 * number)
        assert len(f"{number:.10g}".replace(".", "").strip("0")) <= 3
        assert one.value == qa.value
        assert one.question.endswith(' Answer as JSON: {"meters": number}')
    told = {
        asked("distance", Length(0.5), 0.01, unit="inch"): {"inches": 20},
        asked("bearing", Angle(-math.radians(12.2)), 0.01): {"degrees": 12, "direction": "left"},
        asked("angle_between", Angle(math.radians(12.2)), 0.01): {"degrees": 12},
        asked("clock_direction", Clock(3)): {"answer": 3},
        asked("count_within", Count(0), names=NAMES): {"answer": 0},
        asked("order_by_depth", Order(NAMES), names=NAMES): {"answer": list(NAMES)},
    }
    for qa, expected in told.items():
        assert json.loads(ask_in_a_way(qa, ("json",), rng).answer) == expected


def test_a_way_that_suits_nothing_leaves_the_question_open():
    qa = asked("distance", Region(((0.0, 0.0), (1.0, 0.0), (1.0, 1.0))))
    assert ask_in_a_way(qa, WAYS, np.random.default_rng(0)) is qa


def test_questions_keep_their_facts_and_what_stays_open_stays_as_it_was(scenes):
    counts = Counter()
    for scene, facts in scenes:
        plain = phrase(scene, facts, 5, PhraseConfig(40)).questions
        mixed = phrase(scene, facts, 5, PhraseConfig(40, ways=WAYS)).questions
        assert mixed == phrase(scene, facts, 5, PhraseConfig(40, ways=WAYS)).questions
        assert [one.fact for one in plain] == [one.fact for one in mixed]
        for one, other in zip(plain, mixed):
            counts[other.asked_as] += 1
            assert other == one if other.asked_as == "open" else other.question.startswith(one.question + " ")
    total = sum(counts.values())
    assert all(0.2 < counts[way] / total < 0.3 for way in WAYS), "each is equally likely"


def test_objects_are_called_by_what_the_settings_say(scenes):
    sorts = Counter()
    for scene, facts in scenes:
        config = PhraseConfig(40, refer=("caption", "mark", "box", "point"))
        places = {o.instance.id: place for place, o in enumerate(scene.objects, 1)}
        for one in phrase(scene, facts, 1, config).questions:
            sort = one.reference.split("/")[0].split("+")[0]
            sorts[sort] += 1
            assert set(one.names) <= set(re.findall("|".join(map(re.escape, one.names)), one.question, re.I)) | {
                name.capitalize() for name in one.names
            } | set(one.names)
            assert all(name.lower() in one.question.lower() for name in one.names)
            if sort == "mark":
                assert [int(name.split()[-1]) for name in one.names] == [places[id_] for id_ in one.fact.subjects]
            if sort in ("box", "point"):
                assert one.reference == f"{sort}/0-1000"
            if isinstance(one.value, Choice) and KINDS[one.kind].form.of_subjects:
                assert {*one.value.options} - {SAME} == {*one.names}
    assert all(0.2 < sorts[sort] / sum(sorts.values()) < 0.3 for sort in config.refer)


@pytest.mark.parametrize("coordinates", ["0-1", "0-1000", "pixels"])
def test_points_lie_on_their_objects_and_boxes_around_them(scenes, coordinates):
    for scene, facts in scenes:
        camera = scene.camera
        steps = {"0-1": (1, 1), "0-1000": (1000, 1000), "pixels": (camera.width, camera.height)}[coordinates]
        scale = np.array([camera.width / steps[0], camera.height / steps[1]])
        by_id = {o.instance.id: o.instance for o in scene.objects}
        for sort in ("point", "box"):
            config = PhraseConfig(30, refer=(sort,), coordinates=coordinates)
            for one in phrase(scene, facts, 2, config).questions:
                for id_, name in zip(one.fact.subjects, one.names):
                    numbers = np.array(re.findall(r"[\d.]+", name), float).reshape(-1, 2) * scale
                    if sort == "box":
                        box = by_id[id_].box_xyxy.reshape(2, 2)
                        assert np.abs(numbers - box).max() <= scale.max() * (0.0006 if steps[0] == 1 else 0.6)
                    else:
                        (x, y) = np.floor(numbers[0] + 1e-6).astype(int)
                        assert decode_mask(by_id[id_].mask)[y, x]


def test_a_point_is_far_from_the_edge_of_its_object(scenes):
    from spatialvlm.geometry import edge_distance

    scene, facts = scenes[0]
    by_id = {o.instance.id: edge_distance(decode_mask(o.instance.mask)) for o in scene.objects}
    for one in phrase(scene, facts, 2, PhraseConfig(30, refer=("point",), coordinates="pixels")).questions:
        for id_, name in zip(one.fact.subjects, one.names):
            x, y = map(int, re.findall(r"\d+", name))
            assert by_id[id_][y, x] == by_id[id_].max()


def test_objects_without_captions_are_asked_about_by_what_points_at_them(scenes):
    scene, facts = scenes[0]
    bare = replace(scene, objects=tuple(replace(o, instance=replace(o.instance, captions=())) for o in scene.objects))
    assert not phrase(bare, facts).questions
    assert len(phrase(bare, facts, 0, PhraseConfig(refer=("mark", "box"))).questions) == 20


@pytest.mark.parametrize("sort", ["mark", "box", "point"])
def test_numbers_in_names_are_no_lengths(scenes, sort):
    for scene, facts in scenes[:10]:
        for one in phrase(scene, facts, 3, PhraseConfig(40, refer=(sort,))).questions:
            if isinstance(one.value, Length):
                said = parse(one.answer)
                assert said is not None
                assert abs(said - one.value.metres) <= max(0.25 * one.value.metres, 3 * one.fact.error)


def test_what_is_unknown_is_refused_with_what_is_known():
    """In a process of its own, where types are not checked."""
    cases = {
        "ways=('open', 'letters')": "ways letters: expected one or more of open, choice, yes_no, json",
        "ways=()": "ways none: expected one or more of open, choice, yes_no, json",
        "refer=('name',)": "refer name: expected one or more of caption, mark, box, point",
        "coordinates='percent'": "coordinates 'percent': expected one of 0-1, 0-1000, pixels",
    }
    program = "from spatialvlm import PhraseConfig\nfrom spatialvlm.errors import UserError\n" + "".join(
        f"try:\n    PhraseConfig({settings})\nexcept UserError as error:\n    print(error)\n" for settings in cases
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == list(cases.values())
