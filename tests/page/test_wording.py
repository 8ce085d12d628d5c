"""Figures and texts as people read them."""

import pytest

from spatialvlm.page import counted, metres, percent, points, shortened
from spatialvlm.page.wording import fitted, width_of


def test_what_is_not_all_never_reads_as_all():
    assert percent(1.0) == "100.0 %"
    assert percent(0.99999, 1) == "99.999 %"
    assert percent(None) == "–"


def test_lengths_of_an_axis():
    assert [metres(value) for value in (0.001, 0.01, 0.1, 1.0, 10.0, 1000.0)] == [
        "1 mm",
        "1 cm",
        "10 cm",
        "1 m",
        "10 m",
        "1 km",
    ]


@pytest.mark.parametrize(
    ("value", "expected"), [(0.031, "+3.1"), (-0.146, "−14.6"), (0.0, "0.0"), (-0.0001, "0.0"), (1.0, "+100.0")]
)
def test_differences_are_said_in_points(value, expected):
    assert points(value) == expected


def test_counts_have_their_nouns():
    assert [counted(count, "image") for count in (0, 1, 1200)] == ["0 images", "1 image", "1,200 images"]


def test_long_texts_are_cut():
    assert shortened("a" * 400) == "a" * 400
    assert shortened("a" * 401) == "a" * 399 + "…"


def test_names_that_are_too_long_lose_their_middle():
    names = [f"object_rel_direction_{how}" for how in ("easy", "medium", "hard")]
    shown = [fitted(name, 130.0) for name in names]
    assert len(set(shown)) == 3
    for name, short in zip(names, shown, strict=True):
        start, end = short.split("…")
        assert name.startswith(start)
        assert name.endswith(end)
        assert width_of(short) <= 130.0
    assert fitted("short", 130.0) == "short"
    assert fitted("房间里的椅子和桌子之间的距离", 130.0).count("…") == 1
