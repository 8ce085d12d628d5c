"""Verbs agree with names: "the shoes are", in every wording of every kind, and which names are plural."""

import re

import pytest

from spatialvlm.captions import read
from spatialvlm.kinds import KINDS
from spatialvlm.pipeline.phrase.templates import load_sheet, parse_sheet

ONE, MANY = "the mug", "the shoes"
SLOTS = "ABCDEXYO"
PLAIN = {
    "P": "the floor",
    "N": "1 m",
    "U": "meters",
    "G": "1 m",
    "L": "these",
    "M": "these",
    "O": "these",
    "K": "cups",
    "S": "cup",
    "Z": "[0, 0, 1, 1]",
}
VERBS = "is|was|has|does|goes|reaches|(?:lie|rest|sit|stand|take|measure|appear|span|fill|stay|show|seem|come|belong)s"
OTHER_SUBJECT = r"(?:above|and|at|behind|below|between|by|from|in|of|on|or|than|to|toward) "
AFTER = re.compile(rf"(?<!\w)({OTHER_SUBJECT})?the (mug|shoes) ({VERBS}|are|were)\b", re.IGNORECASE)
BEFORE = re.compile(r"\b(is|does|was|are|do) the (mug|shoes)(?! and)\b", re.I)


def disagreements(text: str, section: str) -> list[str]:
    """The verbs next to a name of the other number. "It is the shoes." is said of either."""
    found = [f"{name} {verb}" for other, name, verb in AFTER.findall(text) if not other and wrong(name, verb)]
    if section == "question":
        found += [f"{verb} {name}" for verb, name in BEFORE.findall(text) if wrong(name, verb)]
    return found


def wrong(name: str, verb: str) -> bool:
    return (name.lower() == "shoes") == verb.lower().endswith("s")


@pytest.mark.parametrize("text", ["Is the shoes here?", "so the shoes is it", "Are the mug here?", "That the mug are."])
def test_the_check_sees_what_disagrees(text):
    assert disagreements(text, "question")


@pytest.mark.parametrize("plural", ["A", "B", "C", "X", "Y", "AX", "BY", "BX", "AY", "ABCXY", ""])
def test_verbs_agree_in_every_wording(plural):
    values = PLAIN | {slot: MANY if slot in plural else ONE for slot in "ABCDEXY"}
    lines = [
        (name, section, line.fill(values, {MANY}))
        for name in KINDS
        for section, lines in load_sheet(name).lines.items()
        for line in lines
    ]
    assert len(lines) > 2500
    found = [(name, text, bad) for name, section, text in lines if (bad := disagreements(text, section))]
    assert not found


def test_nothing_changes_where_nothing_is_plural():
    values = PLAIN | dict.fromkeys("ABCDEXY", ONE)
    for name in KINDS:
        for lines in load_sheet(name).lines.values():
            assert all(line.fill(values, {MANY}) == line.fill(values) for line in lines)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("Is [A] left of [B]?", "Are the shoes left of the mug?"),
        ("Which of [B] and [A] is taller?", "Which of the mug and the shoes is taller?"),
        ("How far is the center of [A] from [B]?", "How far is the center of the shoes from the mug?"),
        (
            "The center of [A] is here, so [A] is, and [B] is.",
            "The center of the shoes is here, so the shoes are, and the mug is.",
        ),
        ("If [A] has it, does [A] stand?", "If the shoes have it, do the shoes stand?"),
        ("Are the centers of [B] and [A] near?", "Are the centers of the mug and the shoes near?"),
    ],
)
def test_only_the_verbs_of_the_name_change(line, said):
    text = f"question\n{line}\n\ntrue\nYes.\n\nfalse\nNo.\n\nsimilar\nSame.\n"
    sheet = parse_sheet(KINDS["left_predicate"], text)
    assert sheet.question(0.0).fill({"A": MANY, "B": ONE}, {MANY}) == said


@pytest.mark.parametrize(
    ("captions", "plural"),
    [
        (
            "shoes, scissors, two books, jeans, headphones, wine glasses, people, slices of cake, keys on the table",
            True,
        ),
        ("boxes, shelves, sofas, photos, men in suits, pairs of shoes, bananas 2", True),
        (
            "glass, bus, lens, canvas, dress, cactus, mug, pair of shoes, man with glasses, box 2, glass of water",
            False,
        ),
        ("children's book, bookshelf with books, octopus, gas stove, group of people", False),
    ],
)
def test_the_number_of_a_name(captions, plural):
    assert {caption: read(caption).plural for caption in captions.split(", ")} == dict.fromkeys(
        captions.split(", "), plural
    )
