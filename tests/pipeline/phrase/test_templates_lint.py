"""Every template file: enough of each section, nothing but the known slots, and no sentence that says the opposite.

The direction check reads a sentence by its first slot: `[B] is below [A]` is a sentence about B, so it claims that A is
above. A wording that it cannot follow is one to simplify.

Objects come in the plural too ("the scissors"), so a verb next to a slot must be one that agrees with it: `[A] is`,
`is [A]`, where both touch it the slot behind (`How far behind [B] is [A]?`); of `[A] and [B]` the verb is plural.
"""

import re
from importlib.resources import files

import pytest

from spatialvlm.kinds import KINDS, LETTERS, MIXES, Kind
from spatialvlm.pipeline.phrase.templates import MAX_SHORT_WORDS

FOLDER = files("spatialvlm.pipeline") / "phrase" / "templates"
TEXTS = {path.name.removesuffix(".txt"): path.read_text("utf-8") for path in FOLDER.iterdir() if ".txt" in path.name}
LEAST = {"question": 20, "similar": 5}
LEAST_ANSWERS = 10
LEAST_SHORT = 3
SAYS = {
    "left": {"left", "leftmost"},
    "right": {"right", "rightmost"},
    "above": {"above", "higher"},
    "below": {"below", "lower"},
    "behind": {"behind", "farther", "deeper", "back"},
    "front": {"front", "closer", "nearer"},
    "tall": {"taller", "greater", "more"},
    "short": {"shorter", "smaller", "less"},
    "wide": {"wider", "greater", "more"},
    "thin": {"narrower", "thinner", "smaller", "less"},
    "big": {"bigger", "larger", "greater", "more"},
    "small": {"smaller", "less"},
}
ANYWHERE = {"more", "farther"}  # "more to the left", "farther left"
NOWHERE = re.compile(
    r"\b(?:the|an?) \[[ABXY]\]"  # the references come with their article
    r"|\[[A-Z]\]['’\w]"  # a reference may end in s or in a clause
    r"|\b(?:radius|diameter|on top of|underneath|beneath)\b"
    r"|centre|metre|further to (?:the )?(?:camera|viewer)| {2}"
    r"|^(?:yes, |no, )?(?:true|false|correct)\b|direction the viewer faces|\bwalk\b",
    re.IGNORECASE,
)
VERB = r"(?:is|does|has|stands|lies|appears)\b"
DISAGREES = re.compile(
    rf"\[[ABXY]\] (?!{VERB})[a-z]+[^s\W]s\b"  # [A] sits
    rf"|\b(?:of|than|from|to|with|between|behind|above|below|off) \[[ABXY]\] {VERB}(?! \[[ABXY]\])"  # the top of [A] is
    rf"|\[A\] and \[B\] {VERB}|\bare \[[ABXY]\](?! and \[B\])",
    re.IGNORECASE,
)
SAID_OF_ANOTHER = re.compile(rf"\b{VERB} \[[ABXY]\]")  # "the taller one is [X]", where nothing is asked
FEW, MANY = 7, 10  # words beside the slots


def sections(name: str) -> dict[str, list[str]]:
    """The lines of each section; a name is a line on its own after a blank one."""
    lines = [line for line in TEXTS[name].splitlines() if not line.startswith("#")]
    blocks = re.split(r"\n\s*\n", "\n".join(lines).strip())
    return {head: body for head, *body in (block.split("\n") for block in blocks)}


def slots(line: str) -> set[str]:
    return set(re.findall(r"\[(.*?)\]", line))


def words(text: str) -> set[str]:
    return set(re.findall(r"[a-z]+", re.sub(r"left.to.right", "", text.lower())))


def claims(text: str, kind: Kind) -> set[str]:
    """The relations of A (or X) to the other that a sentence states or asks about."""
    flip = {kind.word: kind.opposite, kind.opposite: kind.word}
    found = set()
    for part in text.split(", so "):
        clauses = part.split(", ")
        while len(clauses) > 1 and "[" in "".join(clauses[1:]) and not named(clauses[0], kind):
            clauses.pop(0)
        subject = re.search(r"\[(\w)\]", ", ".join(clauses))
        about_other = subject is not None and subject[1] in "BY"
        found |= {flip[word] if about_other else word for word in named(part, kind)}
    return found


def named(text: str, kind: Kind) -> set[str]:
    return {word for word in (kind.word, kind.opposite) if words(text) & SAYS[word]}


def count(line: str) -> int:
    """How many words stand beside the slots."""
    return len(re.findall(r"\w+", re.sub(r"\[\w\]", "", line)))


def comparisons(*forms: str) -> list[str]:
    return sorted(name for name in TEXTS if name in KINDS and KINDS[name].form.name in forms)


def test_every_kind_has_templates_and_every_file_is_a_kinds():
    assert set(TEXTS) == set(KINDS)


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_sections_are_complete_and_well_formed(name):
    kind, found = KINDS[name], sections(name)
    allowed = kind.form.sections(kind)
    assert list(found) == list(allowed), "the question, then the answers in the order of the form"
    assert next(iter(allowed)) == "question"
    for section, lines in found.items():
        assert len(lines) >= LEAST.get(section, LEAST_ANSWERS), section
        assert len({line.lower() for line in lines}) == len(lines), section
        for line in lines:
            assert line == line.strip()
            assert not NOWHERE.search(line), line
            assert not re.search(r"\bits\b", line), "which of the names, singular or plural?"
            if name in MIXES["paper"]:
                assert not DISAGREES.search(line), line
                assert section == "question" or not SAID_OF_ANOTHER.search(line), line
            assert slots(line) <= set(allowed[section]), line


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_questions_name_their_subjects(name):
    kind = KINDS[name]
    for line in sections(name)["question"]:
        assert slots(line) & set(LETTERS) == set(kind.letters), line
        assert bool(slots(line) & set("LM")) == kind.listed, line
        assert ("[G]" in line) == kind.given, line
        assert not slots(line) & set("XYNO"), line
        assert line.endswith("?") or (line.endswith(".") and kind.form.name not in ("predicate", "statement")), line


def test_a_question_tells_its_kind():
    kinds: dict[tuple[bool, str], str] = {}
    for name in TEXTS:
        for line in sections(name)["question"]:
            about = KINDS[name].pointed  # "the point at (512, 380)" tells it from what is asked of objects
            assert kinds.setdefault((about, re.sub(r"\[[AB]\]", "[]", line.lower())), name) == name, line


@pytest.mark.parametrize("name", comparisons("length"))
def test_most_questions_about_lengths_are_short_and_plain(name):
    counts = [count(line) for line in sections(name)["question"]]
    assert sum(number <= FEW for number in counts) >= len(counts) / 2
    assert sum(number > MANY for number in counts) <= len(counts) / 3


def test_half_of_the_questions_about_distances_leave_the_centers_out():
    lines = sections("distance")["question"]
    assert sum("center" in line.lower() for line in lines) <= len(lines) / 2


@pytest.mark.parametrize("name", comparisons("predicate"))
def test_predicates_have_short_answers(name):
    for section in ("true", "false"):
        assert sum(count(line) <= MAX_SHORT_WORDS for line in sections(name)[section]) >= LEAST_SHORT


@pytest.mark.parametrize("name", comparisons("predicate", "choice", "classify"))
def test_comparisons_keep_to_their_quantity(name):
    kind = KINDS[name]
    others = set().union(*SAYS.values()) - SAYS[kind.word] - SAYS[kind.opposite] - ANYWHERE
    for section, lines in sections(name).items():
        for line in lines:
            assert not words(line) & others, line
            assert line[-1] in ("?." if section == "question" else "."), line
            assert section != "similar" or not slots(line) & set("XY"), line


@pytest.mark.parametrize("name", comparisons("predicate"))
def test_predicates_claim_the_right_direction(name):
    kind, found = KINDS[name], sections(name)
    assert all(claims(line, kind) == {kind.word} for line in found["question"])
    for section, truth, lie in (("true", kind.word, "no"), ("false", kind.opposite, "yes")):
        for line in found[section]:
            assert claims(line, kind) == ({truth} if "[" in line else set()), line
            assert not re.match(rf"{lie}\b", line.lower()), line
            assert not words(line) & {"not", "neither"}, line


@pytest.mark.parametrize("name", comparisons("choice"))
def test_choices_claim_the_right_direction(name):
    kind, found = KINDS[name], sections(name)
    for line in found["question"]:
        assert named(line, kind) == {kind.word}, line
    for line in found["answer"]:
        assert "[X]" in line
        assert claims(line, kind) <= {kind.word}, line
        assert not re.search(r"\[[AB]\]", line), line


@pytest.mark.parametrize("name", comparisons("classify"))
def test_classifications_offer_both_and_claim_the_right_one(name):
    kind, found = KINDS[name], sections(name)
    for line in found["question"]:
        assert named(line, kind) == {kind.word, kind.opposite}, line
    for word in (kind.word, kind.opposite):
        for line in found[word]:
            assert claims(line, kind) == {word}, line


@pytest.mark.parametrize(
    ("line", "claimed"),
    [
        ("[A] is above [B].", {"above"}),
        ("[B] is above [A].", {"below"}),
        ("Compared with [B], [A] is lower down.", {"below"}),
        ("Between [A] and [B], is [B] the one at the lower level?", {"above"}),
        ("[B] is above [A], so [A] is the one below.", {"below"}),
        ("[B] is above [A], so [A] is higher up.", {"above", "below"}),
        ("That would be [X].", set()),
    ],
)
def test_the_direction_check_sees_a_reversed_sentence(line, claimed):
    assert claims(line, KINDS["above_predicate"]) == claimed


@pytest.mark.parametrize(
    ("line", "agrees"),
    [
        ("How far behind [B] is [A]?", True),
        ("How far apart are [A] and [B]?", True),
        ("[A] and [B] are [N] apart.", True),
        ("Does [A] sit higher than [B]?", True),
        ("[A] sits higher than [B].", False),
        ("The height of [A] is [N].", False),
        ("[A] and [B] is [N] apart.", False),
        ("How tall are [A]?", False),
    ],
)
def test_the_agreement_check_sees_a_verb_that_is_another_words(line, agrees):
    assert (DISAGREES.search(line) is None) == agrees
