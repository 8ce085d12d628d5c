"""The second set: balanced shares, names that tell nothing, and published questions that are measured as they were."""

import pytest

from choose_rooms.composed_candidates import Composed, key_of
from choose_rooms.composed_selection import PLAN, Cell, cell_of, guessed, is_hit, select_composed, share_out
from choose_rooms.definition_file import SEED, SIZE, SPP
from choose_rooms.name_learner import guess_by_names
from choose_rooms.true_lengths import measure_room
from spatialvlm.answers import Choice, Count, YesNo
from spatialvlm.evaluate.rooms_benchmark.build import scalar_rooms
from spatialvlm.evaluate.rooms_benchmark.composed_questions import load_composed
from spatialvlm.evaluate.rooms_benchmark.definition import frame_id_of
from spatialvlm.records import QA, Fact

ROOM = 3


def asked(room: int, name: str, yes: bool, place: int = 0) -> Composed:
    value = YesNo(yes)
    fact = Fact("between", (str(place), "b", "c"), value, 0.01, "world")
    words = (f"Is {name} between the door and the sofa?", "Yes.")
    return Composed(
        room,
        QA("f", "between", "qualitative", *words, fact, "", "caption", 0, (name, "the door", "the sofa"), value),
    )


def pointed(room: int, names: tuple[str, ...], right: int) -> Composed:
    value = Choice(names, right)
    fact = Fact("nearer_point", ("0", "1"), Choice(("0", "1"), right), 0.01, "world")
    words = ("Which is nearer?", names[right])
    return Composed(room, QA("f", "nearer_point", "qualitative", *words, fact, "", "point", 0, names, value))


def counted(room: int, noun: str, count: int) -> Composed:
    fact = Fact("count_of_class", tuple(map(str, range(count))), Count(count), 0.0, "world")
    words = (f"How many {noun} are in view?", str(count))
    return Composed(room, QA("f", "count_of_class", "qualitative", *words, fact, "", "class", 0, (), Count(count)))


def test_shares_are_equal_part_by_part():
    limits: dict[Cell, int] = {(size, place): 50 for size in (3, 4) for place in range(size)}
    limits[4, 4] = 1
    shares = share_out(limits, 61)
    assert sorted(shares[3, place] for place in range(3)) == [10, 10, 10]
    assert shares[4, 4] == 1
    assert sum(shares.values()) == 61


def test_a_choice_leaves_names_that_answer_worthless():
    told = [asked(room, ("the mug", "the lamp")[yes], yes, 1) for room in range(40) for yes in (False, True)]
    against = [asked(room, ("the lamp", "the mug")[yes], yes, 2) for room in range(0, 40, 4) for yes in (False, True)]
    pool = sorted(told + against, key=lambda one: one.room)
    guesses = guessed(pool)
    assert sum(is_hit(one.qa, guess) for one, guess in zip(pool, guesses, strict=True)) == len(told)
    places = select_composed(pool, guesses, {"between": 40})["between"]
    assert len(places) == 40
    assert sum(is_hit(pool[place].qa, guesses[place]) for place in places) == 20
    assert sum(pool[place].qa.value == YesNo(True) for place in places) == 20


def test_a_guess_knows_only_other_rooms():
    rows = [asked(room, f"the thing {room}", True).qa for room in range(5)] + [asked(9, "the mug", False).qa]
    guess = guess_by_names([*range(5), 9], rows)[-1]
    assert guess == {True: 1.0}


def test_of_points_it_is_known_that_the_lower_one_is_nearer():
    names = [
        tuple(f"the point at (500, {100 + (7 * room + 311 * place) % 800})" for place in range(2)) for room in range(40)
    ]
    pool = [pointed(room, pair, max((0, 1), key=lambda place: pair[place])) for room, pair in enumerate(names)]
    assert all(is_hit(one.qa, guess) for one, guess in zip(pool, guessed(pool), strict=True))


def test_a_count_of_a_class_is_guessed_from_the_class():
    counts = [(room, noun, count) for room in range(20) for noun, count in (("books", 4), ("chairs", 5), ("beds", 1))]
    pool = [counted(*one) for one in counts]
    assert all(is_hit(one.qa, guess) for one, guess in zip(pool, guessed(pool), strict=True))
    assert {cell_of(one.qa) for one in pool} == {(3, 4), (3, 5), (1, 1)}


@pytest.mark.usefixtures("scalar_variant")
def test_every_published_question_is_still_measured_as_it_was():
    """Their words are frozen; how things are called has changed since."""
    frozen = load_composed()[frame_id_of(SEED, ROOM)]
    kinds = tuple(dict.fromkeys(qa.kind for qa in frozen))
    assert set(kinds) <= set(PLAN)
    here = measure_room(scalar_rooms(ROOM + 1, SEED, SIZE, SPP).truth(ROOM), kinds)
    assert here is not None
    measured = {key_of(fact): fact for fact in here.facts}
    for qa in frozen:
        again = measured[key_of(qa.fact)]
        assert again.error == pytest.approx(qa.fact.error, rel=0.01, abs=1e-6)
        assert type(again.answer) is type(qa.fact.answer)
