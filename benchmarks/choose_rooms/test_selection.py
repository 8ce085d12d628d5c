"""The choice of rooms and questions: laws on candidates drawn at random, balanced or as lopsided as one likes."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from choose_rooms.blind_guesses import best_guess, guess_by_kind, guess_by_names, sum_families
from choose_rooms.selection import Candidate, SelectionConfig, select_questions, share_equally
from spatialvlm.errors import UserError
from spatialvlm.evaluate.rooms_benchmark.definition import BenchmarkQuestion
from spatialvlm.kinds import KINDS, MIXES

CONFIG = SelectionConfig(rooms=20, per_room=10)


def pool(rooms: int, seed: int = 0, yes: float = 0.8, spread: float = 1.0) -> list[Candidate]:
    """Candidates whose answers are mostly yes and whose sizes crowd around 1 m."""
    rng = np.random.default_rng(seed)
    found = []
    for room in range(rooms):
        for kind in (KINDS[name] for name in MIXES["paper"]):
            for thing in range(int(rng.integers(0, 5))):
                is_length = kind.family == "quantitative"
                value = float(np.exp(rng.normal(0.0, spread))) if is_length else float(rng.random() < yes)
                subjects = (str(thing), "9")[: kind.subjects]
                names = tuple(f"thing {subject}" for subject in subjects)
                found.append(Candidate(room, BenchmarkQuestion(kind.name, subjects, value), names))
    return found


@pytest.mark.parametrize("seed", range(3))
def test_the_choice_is_balanced_though_the_candidates_are_not(seed):
    candidates = pool(90, seed, yes=0.7, spread=0.7)
    chosen = select_questions(candidates, SelectionConfig(rooms=30, per_room=40))
    assert len(chosen) == 30
    assert {len(asked) for asked in chosen.values()} == {40}
    everything = [candidate for asked in chosen.values() for candidate in asked]
    assert set(everything) <= set(candidates)
    assert len({(c.room, *c.question.key) for c in everything}) == 1200
    assert max(Counter((c.room, c.cell) for c in everything).values()) <= CONFIG.per_cell
    comparisons, lengths = sum_families(guess_by_kind(c.question for c in everything).items())
    before = sum_families(guess_by_kind(c.question for c in candidates).items())
    assert (comparisons.count, lengths.count) == (600, 600)
    assert comparisons.share == 0.5
    assert before[0].share > 0.65
    assert lengths.share < before[1].share
    counts = Counter(c.question.kind for c in everything if KINDS[c.question.kind].family != "quantitative")
    assert max(counts.values()) - min(counts.values()) <= 2


def test_the_same_candidates_give_the_same_choice():
    assert select_questions(pool(30), CONFIG) == select_questions(pool(30), CONFIG)


def test_rooms_and_questions_keep_their_order():
    candidates = pool(30)
    chosen = select_questions(candidates, CONFIG)
    assert list(chosen) == sorted(chosen)
    for asked in chosen.values():
        assert [candidates.index(candidate) for candidate in asked] == sorted(map(candidates.index, asked))


def test_a_kind_with_one_answer_only_is_not_asked():
    chosen = select_questions([c for c in pool(40) if c.cell != ("left_choice", 0)], CONFIG)
    assert "left_choice" not in {c.question.kind for asked in chosen.values() for c in asked}


def test_scarce_candidates_are_dealt_out_as_far_as_they_go():
    few = [c for c in pool(20, yes=0.5) if c.question.kind in ("gap", "left_choice") and c.question.subjects[0] == "0"]
    chosen = select_questions(few, SelectionConfig(rooms=10, per_room=10))
    counts = Counter(c.question.kind for asked in chosen.values() for c in asked)
    assert counts["left_choice"] > 4
    assert counts["gap"] > 4


def test_too_few_rooms():
    with pytest.raises(UserError, match="10 rooms have candidates, expected 20 or more; give more rooms"):
        select_questions(pool(10), CONFIG)
    with pytest.raises(UserError, match="0 rooms have candidates"):
        select_questions([], CONFIG)


@given(st.lists(st.integers(0, 50), max_size=12), st.integers(0, 400))
def test_shares_are_fair_and_complete(limits, wanted):
    shares = share_equally(limits, wanted)
    assert sum(shares) == min(wanted, sum(limits))
    assert all(0 <= share <= limit for share, limit in zip(shares, limits, strict=True))
    open_ = [share for share, limit in zip(shares, limits) if share < limit]
    assert all(share <= min(open_, default=0) + 1 for share in shares if open_), "none has more while one could take"


# -- blind guesses -----------------------------------------------------------------------------------------------------


@given(st.lists(st.floats(0.01, 10.0), min_size=1, max_size=40))
def test_no_constant_beats_the_best_one(values):
    best = best_guess("gap", values)
    truths = np.array(values)
    for constant in np.concatenate([truths / 2, truths, 2 * truths, [best.guess]]):
        ratio = constant / truths
        assert ((ratio >= 0.5) & (ratio <= 2.0)).sum() <= best.hits
    ratio = best.guess / truths
    assert ((ratio >= 0.5 - 1e-9) & (ratio <= 2.0 + 1e-9)).sum() == best.hits


def test_the_majority_answer():
    assert best_guess("left_choice", [1.0, 1.0, 0.0]).share == pytest.approx(2 / 3)
    assert best_guess("left_choice", [0.0, 0.0, 0.0]).guess == 0


def test_names_tell_something_where_they_do_and_nothing_else():
    def of(room: int, name: str, value: float) -> Candidate:
        return Candidate(room, BenchmarkQuestion("height", ("1",), value), (name,))

    sizes = {"mug": 0.1, "bed": 1.0, "house": 10.0}
    known = guess_by_names([of(room, name, size) for room in range(6) for name, size in sizes.items()])
    assert known["height"].share == 1.0
    shuffled = [of(room, f"thing {room}", list(sizes.values())[room % 3]) for room in range(30)]
    assert guess_by_names(shuffled)["height"].share < 0.5
