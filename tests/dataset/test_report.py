"""The dataset card: one file, no network, nothing unescaped, everything counted is there."""

import dataclasses
import itertools
import json
import math
import re
from html import unescape
from html.parser import HTMLParser

import pytest

from spatialvlm.answers import Angle, Area, CannotTell, Choice, Clock, Count, Length, Order, Region, YesNo
from spatialvlm.dataset.card import length_range, write_report
from spatialvlm.dataset.card_frames import evidence, frame_card, select
from spatialvlm.dataset.counts import LENGTH_EDGES_M
from spatialvlm.dataset.write import finish, open_for_build, write_shard
from spatialvlm.errors import DatasetError
from spatialvlm.kinds import KINDS, even
from spatialvlm.page import colour
from spatialvlm.records import Drop, Fact, Source

NASTY = "<script>alert('x')</script> \"mug\" {$title} 🫖 it's"
HEADER = {"config": {"seed": 0, "note": "<b>"}, "source": "a&b", "fingerprint": "f", "versions": {"numpy": "2"}}


@pytest.fixture
def card(make_scene, make_questions, make_sample, tmp_path):
    """Build a dataset and return its card. No scenes at all where `count` is 0."""

    def make(count: int = 2, captions=(NASTY, "red book"), change=lambda source: source, name="ds") -> str:
        folder = tmp_path / name
        scenes = [make_scene(i, captions) for i in range(count)]
        scenes = [(scene, change(source)) for scene, source in scenes]
        samples = [make_sample(scene, source, make_questions(scene)) for scene, source in scenes]
        if samples:
            refusals, drops = {("gap", "witnesses_disagree"): 1234}, (Drop("lift", "x", "no_<depth>: none"),)
            samples[0] = dataclasses.replace(samples[0], refusals=refusals, drops=drops)
        with open_for_build(folder, HEADER) as progress:
            progress.append(write_shard(folder, 0, samples))
        finish(folder)
        return write_report(folder).read_text("utf-8")

    return make


class _Balanced(HTMLParser):
    """Checks that tags close in order."""

    VOID = frozenset({"meta", "img"})

    def __init__(self):
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_it_is_one_closed_page_that_fetches_and_runs_nothing(card):
    page = card()
    parser = _Balanced()
    parser.feed(page)
    assert parser.open == []
    assert not parser.seen & {"script", "link", "iframe", "object", "embed"}
    assert "https:" not in page
    assert "http:" not in page
    sources = re.findall(r"(?:src|href)\s*=\s*['\"]([^'\"]{0,30})", page)
    assert len(sources) == 2
    assert all(source.startswith("data:image/jpeg;base64,") for source in sources)
    assert "url(" not in page
    assert "@import" not in page
    assert "default-src 'none'" in page


def test_captions_and_settings_are_text(card):
    page = card()
    assert "<script>" not in page
    assert "&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt; &quot;mug&quot; {$title} 🫖 it&#x27;s" in page
    assert "a&amp;b" in page
    assert "&lt;b&gt;" in page
    assert "no &lt;depth&gt;" in page


def test_everything_counted_is_said(card):
    page = card()
    assert f"{2 * len(KINDS)} spatial questions about 2 images" in page
    for name, kind in KINDS.items():
        words = f"{kind.word} / {kind.opposite}" if "classify" in name else re.sub("_(predicate|choice)$", "", name)
        assert f">{words.replace('_', ' ')}<" in page, name
    assert "1,234" in page
    assert "witnesses disagree" in page


def test_the_same_dataset_has_the_same_card(card):
    assert card(name="a") == card(name="b")


@pytest.mark.parametrize("data", [b"", b"not an image"])
def test_images_that_cannot_be_shown_are_grey(card, data):
    assert "data:image/jpeg" in card(change=lambda source: dataclasses.replace(source, image_bytes=data))


def test_an_empty_dataset_has_a_card(card):
    page = card(count=0)
    assert "0 spatial questions about 0 images" in page


def test_a_scene_without_objects_has_a_card(make_scene, tmp_path, make_sample):
    scene, source = make_scene(0, ())
    with open_for_build(tmp_path, HEADER) as progress:
        progress.append(write_shard(tmp_path, 0, [make_sample(scene, source)]))
    finish(tmp_path)
    said = "Nothing could be asked about this image: nothing in it was found and lifted."
    assert said in write_report(tmp_path).read_text("utf-8")


def test_the_gallery_is_spread_evenly(card, make_scene):
    page = card(count=47, captions=("a", "b"))
    shown = re.findall(r"<b>frame-(\d+)</b>", page)
    assert len(shown) == 24
    assert (shown[0], shown[-1]) == ("000", "046")
    assert {int(b) - int(a) for a, b in itertools.pairwise(shown)} == {2}


def test_an_unfinished_dataset_has_no_card_yet(tmp_path):
    open_for_build(tmp_path, HEADER).close()
    with pytest.raises(DatasetError, match="not finished"):
        write_report(tmp_path)


def test_questions_are_picked_from_both_families_and_many_kinds(make_scene, make_questions):
    picked = select(make_questions(make_scene()[0]) * 3, 8)
    assert len({qa.kind for qa in picked}) == 8
    assert [qa.family for qa in picked].count("quantitative") == 4
    assert select([], 8) == []
    assert len(select(make_questions(make_scene()[0], 3), 8)) == 3


@pytest.mark.parametrize(
    ("kind", "answer", "error", "said"),
    [
        ("gap", Length(0.41234), 0.0131, "0.412 ± 0.013 m"),
        ("gap", Length(12.3), 2.0, "12.3 ± 2.0 m"),
        ("gap", Length(123.4), 25.0, "123 ± 25 m"),
        ("gap", Length(0.5), 0.0, "0.5 m"),
        ("left_predicate", YesNo(True), 0.004, "true (1σ 0.004 m)"),
        ("left_predicate", even("yes", "no"), 0.004, "similar (1σ 0.004 m)"),
        ("left_right_classify", Choice(("left", "right"), 1), 0.004, "right (1σ 0.004 m)"),
        ("bearing", Angle(math.radians(-31.4)), math.radians(1.2), "-31.4 ± 1.2°"),
        ("clock_direction", Clock(11), 0.05, "11 o'clock (1σ 0.05 rad)"),
        ("perspective_quadrant", Choice(("front-left", "front-right"), 0), 0.05, "front-left (1σ 0.05 rad)"),
        ("order_by_depth", Order(("1", "2")), 0.01, "1 2 (1σ 0.01 m)"),
        ("of a later version", Area(1.25), 0.01, "1.25 m²"),
        (
            "of a later version",
            Region(((0.2, 0.4), (0.6, 0.4), (0.4, 0.8))),
            0.01,
            "a place around 0.4, 0.52 (1σ 0.01)",
        ),
        ("elevation_if_told", CannotTell("bottom_hidden"), 0.01, "can't be told: bottom hidden"),
        ("count_of_class", Count(2), 0.0, "2"),
    ],
)
def test_evidence(kind, answer, error, said):
    assert unescape(evidence(Fact(kind, ("1", "2"), answer, error, "world"), {})) == said


def test_evidence_names_the_length_that_was_given():
    fact = Fact("count_within", ("1", "2"), Count(2), 0.02, "world", 0.8)
    assert evidence(fact, {}) == "2 (1σ 0.02 m, given 0.8 m)"


def test_a_place_is_drawn_beside_the_thing_that_it_is_about(make_scene, make_questions):
    scene, source = make_scene()
    wide, high = scene.camera.width, scene.camera.height
    plain = make_questions(scene)[0]
    subject = plain.fact.subjects[0]
    corners = ((0.25, 0.5), (0.5, 0.5), (0.5, 0.75))
    place = Fact("free_left", (subject,), Region(corners), 0.01, "world")
    assert "<polygon" not in frame_card(scene, source, [plain])
    card = frame_card(scene, source, [dataclasses.replace(plain, fact=place)])
    drawn = re.findall(r"<polygon points='([^']*)'", card)
    assert drawn == [" ".join(f"{x * wide:.0f},{y * high:.0f}" for x, y in corners)]
    assert len(re.findall("<rect ", card)) == 1


def test_a_chosen_object_is_shown_by_its_number():
    said = evidence(Fact("left_choice", ("x", "y"), Choice(("x", "y"), 1), 0.1, "world"), {"x": 0, "y": 4})
    assert "#{:02x}{:02x}{:02x}".format(*colour(4)) in said
    assert ">5<" in said


def test_lengths_are_shown_by_whole_decades():
    counts = [0] * (len(LENGTH_EDGES_M) - 1)
    assert length_range(counts) == (16, 31)
    counts[17] = 1
    assert length_range(counts) == (16, 23)


def test_the_source_may_be_anything_that_json_can_say(card, tmp_path):
    card()
    path = tmp_path / "ds/dataset.json"
    info = json.loads(path.read_text())
    path.write_text(json.dumps({**info, "source": {"kind": "shapes", "count": 3}}))
    assert "{&quot;count&quot;: 3" in write_report(tmp_path / "ds").read_text("utf-8")


def test_a_source_without_licence_says_so(card):
    assert "no licence given" in card(change=lambda source: Source("mine", None, None, source.image_bytes))
