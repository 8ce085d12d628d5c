"""The page of a report: texts are escaped, markup is taken as it is, what has nothing to show is not there."""

import re

from spatialvlm.page import (
    Cell,
    Markup,
    document,
    element,
    elements,
    fold,
    join,
    legend,
    note,
    panels,
    section,
    settings,
    small,
    table,
)


def test_texts_are_escaped_once_and_markup_never():
    inner = element("b", "<i> & 'it'")
    assert inner == "<b>&lt;i&gt; &amp; &#x27;it&#x27;</b>"
    assert element("p", inner, " <", css="note") == f"<p class='note'>{inner} &lt;</p>"
    assert join("a<", "", Markup("<br>"), between=" ") == "a&lt; <br>"
    assert elements("li", ["<", "b"]) == "<li>&lt;</li><li>b</li>"


def test_attributes_are_quoted_and_numbers_rounded():
    made = element("text", "", x=1.25001, y=3, text_anchor="end", title="it's", scope=None)
    assert made == "<text x='1.3' y='3' text-anchor='end' title='it&#x27;s'></text>"
    assert element("img", alt="", src="a") == "<img alt='' src='a'>"


def test_what_has_nothing_to_show_is_left_out():
    assert section("Title", "lead", "", Markup()) == panels({}) == note("") == small("") == ""
    assert "<h2>Title</h2>" in section("Title", "lead", "body")
    assert fold("more", "x") == "<details><summary>more</summary>x</details>"
    assert "open=''" in fold("more", "x", is_open=True)


def test_no_line_begins_with_a_per_cent_sign():
    for made in (section("a", "9 %", "b"), note("9 %"), small("9 %"), table(("9 %",), [])):
        assert "9&nbsp;%" in made


def test_tables_have_names_cells_and_tints():
    made = table(("kind", "n"), [("a<", [Cell("3", "heat", 0.256)]), ("b", ["4"])], dim=["b"])
    assert "<th scope='col'>kind</th><th scope='col'>n</th>" in made
    assert "<tr><th scope='row'>a&lt;</th><td style='background:rgba(var(--heat), 0.26)'>3</td></tr>" in made
    assert "<tr class='dim'><th scope='row'>b</th><td>4</td></tr>" in made
    assert "<thead>" not in settings([("seed", "0")])
    assert legend(told="x & y") == "<div class='key'><span><i class='told'></i>x &amp; y</span></div>"


def test_the_page_is_whole_and_fetches_nothing():
    said = {name: f"<{name}> $x" for name in ("title", "over", "headline", "lead", "footer")}
    made = document(**said, tiles=[("1 <", "2 <")], sections=["", Markup("<p>$y</p>")])
    assert made.startswith("<!doctype html>")
    assert made.rstrip().endswith("</html>")
    for name in said:
        assert f"&lt;{name}&gt; $x" in made
    assert "<div class='tile'><b>1 &lt;</b><span>2 &lt;</span></div>" in made
    assert "<p>$y</p>" in made
    assert not re.search(r"url\(|@import|https?:|<script|<link", made)
    assert "default-src 'none'; img-src data:; style-src 'unsafe-inline'" in made


def test_every_class_of_the_stylesheet_has_its_variables():
    made = document(title="", over="", headline="", lead="", tiles=[], sections=[], footer="")
    assert set(re.findall(r"var\((--\w+)\)", made)) <= set(re.findall(r"(--\w+):", made))
