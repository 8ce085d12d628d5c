"""The page in a real browser: two people annotate, one of them comes back. Needs Chromium, skips without it."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from fixtures.evaluate.annotate_site import Site, serving
from fixtures.folders.tiny import tiny_frames, write_rgbd
from spatialvlm.annotate import agreement_report
from spatialvlm.annotate.decisions import read_decisions

QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""Chromium in a container, asking nothing of any network."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    found = shutil.which("chromium")
    if found is None:
        pytest.skip("no Chromium: install one as `chromium` on the PATH to drive the page")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=list(QUIET))
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page in a profile of its own; whatever goes wrong in its script fails the test."""
    faults: list[str] = []
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    opened = context.new_page()
    opened.set_default_timeout(8000)
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    yield opened
    context.close()
    expected = ("400 (Bad Request)", "ERR_CONNECTION_REFUSED")  # a wrong answer; the server that was stopped
    assert [fault for fault in faults if not any(text in fault for text in expected)] == []


def sit_down(page: Page, site: Site, name: str) -> None:
    """Open the link and say who it is."""
    page.goto(site.link)
    page.fill("#annotator", name)
    page.keyboard.press("Enter")
    expect(page.locator("#picture")).to_be_visible()


def at(page: Page, position: str) -> None:
    expect(page.locator("#position")).to_have_text(position)
    expect(page.locator("#picture")).to_be_visible()


def keep(page: Page, answer: str) -> None:
    page.keyboard.press("k")
    page.keyboard.type(answer)
    page.keyboard.press("Enter")


def rewrite(page: Page, question: str, answer: str) -> None:
    page.keyboard.press("r")
    page.keyboard.type(question)  # what is proposed is selected, so this replaces it
    page.keyboard.press("Enter")
    page.keyboard.type(answer)
    page.keyboard.press("Enter")


def made(site: Site) -> list[tuple[object, ...]]:
    return [(one.annotator, one.frame[-1], one.decision, one.answer) for one in read_decisions(site.out)]


def test_two_people_annotate_and_one_comes_back(frames, tmp_path, page):
    out = tmp_path / "human.jsonl"
    with serving(str(frames), out) as site:
        sit_down(page, site, "Anna")
        at(page, "1 of 7")
        expect(page.locator("#quick button")).to_have_count(0)
        keep(page, "It is left")
        at(page, "2 of 7")
        rewrite(page, "How far is the white box from the wall?", "2 feet")
        at(page, "3 of 7")
        keep(page, "about 5")  # a length without its unit
        expect(page.locator("#reading")).to_contain_text("needs a number and a unit")
        assert len(made(site)) == 2
        page.keyboard.type(" inches")
        expect(page.locator("#reading")).to_have_text("Reads as 0.127 m.")
        page.keyboard.press("Enter")
        at(page, "4 of 7")
        page.keyboard.press("s")
        at(page, "5 of 7")
        page.keyboard.press("k")
        page.click("#quick button >> text=no")
        page.click("#save")
        at(page, "6 of 7")
        page.keyboard.press("k")
        page.click("#untold")
        at(page, "7 of 7")
        expect(page.locator("#decided")).to_have_text("6 decided")
        anna = [("left", "keep"), ("2 feet", "rewrite"), ("about 5 inches", "keep"), (None, "skip")]
        anna += [("no", "keep"), (None, "keep")]
        assert made(site) == [("Anna", str(place), did, said) for place, (said, did) in enumerate(anna)]

        page.reload()  # goes on at what is open
        at(page, "7 of 7")
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("ArrowLeft")
        at(page, "5 of 7")
        expect(page.locator("#label")).to_have_text("Proposed question · you have kept it")
        expect(page.locator("#answer")).to_have_value("no")
        page.fill("#answer", "yes")  # a change of mind
        page.keyboard.press("Enter")
        at(page, "7 of 7")
        assert made(site)[-1] == ("Anna", "4", "keep", "yes")
    with serving(str(frames), out) as site:  # the command was ended and started again
        sit_down(page, site, "Anna")
        at(page, "7 of 7")
        keep(page, "2")
        expect(page.locator("#summary")).to_have_text("7 of 7 images are decided. The answers are in human.jsonl.")
        page.click("#change")
        page.fill("#annotator", "Ben")
        page.click("#enter button")
        at(page, "1 of 7")
        keep(page, "right")
        at(page, "2 of 7")
        for position in ("3 of 7", "4 of 7", "5 of 7", "6 of 7", "7 of 7"):
            page.keyboard.press("s")
            at(page, position)
        page.keyboard.press("s")
        expect(page.locator("#summary")).to_be_visible()
    counts = [" ".join(line.split()) for line in agreement_report(out).splitlines()]
    assert {"Anna 5 1 1 1", "Ben 1 0 6 0", "Anna and Ben 1 0.0 % 0.00"} <= set(counts)


def test_a_photo_is_asked_about_by_the_annotator_himself(tmp_path, page):
    folder = write_rgbd(tmp_path / "frames", tiny_frames(2))
    (folder / "frames.jsonl").unlink()
    (folder / "rgb" / "broken.png").write_bytes(b"no picture")
    with serving(str(folder / "rgb"), tmp_path / "human.jsonl", "<b>Anna</b>") as site:
        page.goto(site.link)
        at(page, "2 of 3")  # the broken one is passed over
        expect(page.locator("#name")).to_have_text("<b>Anna</b>")
        expect(page.locator("#label")).to_have_text("No question is proposed: it has no depth map")
        expect(page.locator("#keep")).to_be_hidden()
        page.keyboard.press("ArrowLeft")
        expect(page.locator("#reason")).to_contain_text("cannot be decoded")
        page.keyboard.press("ArrowRight")
        at(page, "2 of 3")
        page.keyboard.press("r")
        page.keyboard.type("Which is <i>taller</i>?")
        page.select_option("#form", "choice")
        page.fill("#options", "the box\nthe ball")
        page.click("#quick button >> nth=1")
        page.keyboard.press("Enter")
        at(page, "3 of 3")
        page.keyboard.press("ArrowLeft")
        at(page, "2 of 3")
        expect(page.locator("#written")).to_have_value("Which is <i>taller</i>?")
        expect(page.locator("#options")).to_have_value("the box\nthe ball")
        assert [(one.form, one.answer, one.options) for one in read_decisions(site.out)] == [
            ("choice", "the ball", ("the box", "the ball"))
        ]


def test_the_picture_grows_and_shows_what_is_meant(frames, tmp_path, page):
    with serving(str(frames), tmp_path / "human.jsonl", "Anna") as site:
        page.goto(site.link)
        at(page, "1 of 7")
        fitted = page.locator("#picture").bounding_box()
        page.keyboard.press("z")
        grown = page.locator("#picture").bounding_box()
        assert fitted is not None
        assert grown is not None
        assert grown["width"] > 2 * fitted["width"]
        page.keyboard.press("z")
        page.keyboard.press("o")
        expect(page.locator("#outline")).to_have_attribute("aria-pressed", "true")
        expect(page.locator("#picture")).to_be_visible()
        assert "outlines/0?" in str(page.locator("#picture").get_attribute("src"))
        page.set_viewport_size({"width": 400, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= 400
        page.keyboard.press("k")
        expect(page.locator("#answer")).to_be_focused()


def test_when_the_server_is_gone_nothing_is_lost_and_it_says_so(frames, tmp_path, page):
    with serving(str(frames), tmp_path / "human.jsonl", "Anna") as site:
        page.goto(site.link)
        at(page, "1 of 7")
    page.keyboard.press("k")
    page.keyboard.type("left")
    page.keyboard.press("Enter")
    expect(page.locator("#reading")).to_contain_text("run the same command again")
    expect(page.locator("#answer")).to_have_value("left")
