"""The server, asked over its socket: what it says, what it stores, whom it refuses."""

import json
import signal
import socket
import subprocess
import sys
import urllib.request
from contextlib import contextmanager

import pytest

from fixtures.evaluate.annotate_site import serving
from spatialvlm.annotate import run_annotation
from spatialvlm.annotate.decisions import read_decisions
from spatialvlm.annotate.server import LARGEST_BODY, is_local, listen
from spatialvlm.errors import UserError

YES_NO = 4
"""The place of a question whose answer is yes or no."""


@pytest.fixture(scope="module")
def site(frames, tmp_path_factory):
    """Nothing is stored here."""
    with serving(str(frames), tmp_path_factory.mktemp("site") / "human.jsonl") as served:
        yield served
        assert served.out.read_bytes() == b""


@pytest.fixture
def own_site(frames, tmp_path):
    with serving(str(frames), tmp_path / "human.jsonl") as served:
        yield served


def test_an_image_its_question_and_the_decision(own_site):
    begun = {"annotator": None, "count": 7, "out": "human.jsonl", "decided": 0, "next": 0}
    assert own_site.get("/api/session?annotator=anna")[1] == begun
    status, item, _ = own_site.get("/api/item/0?annotator=anna")
    assert (status, item["options"], item["decision"]) == (200, ["left", "right"], None)
    status, picture, headers = own_site.get("/image/0")
    assert (status, headers["content-type"], picture[:4]) == (200, "image/png", b"\x89PNG")
    status, picture, headers = own_site.get("/outlines/0")
    assert (status, headers["content-type"], picture[:3]) == (200, "image/jpeg", b"\xff\xd8\xff")
    assert own_site.decide(0, "anna", "keep", answer="Left.") == (200, {"saved": True, "decided": 1, "next": 1})
    assert own_site.decide(0, "anna", "keep", answer="1") == (200, {"saved": False, "decided": 1, "next": 1})
    for place in (6, 4, 3, 2, 5):
        assert own_site.decide(place, "anna", "skip")[0] == 200
    assert own_site.get("/api/session?annotator=anna&after=4")[1] == begun | {"decided": 6, "next": 1}
    assert own_site.decide(1, "anna", "skip") == (200, {"saved": True, "decided": 7, "next": None})
    assert own_site.get("/api/session?annotator=ben")[1]["next"] == 0
    places = [int(one.frame.removeprefix("shapes-")) for one in read_decisions(own_site.out)]
    assert places == [0, 6, 4, 3, 2, 5, 1]


def test_how_an_answer_reads(site):
    def check(answer: str):
        own = {"decision": "rewrite", "question": "How far?", "answer": answer, "place": 0}
        return site.get("/api/check", own)[1]

    assert check("5 inches") == {"form": "length", "reads": "0.127 m", "problem": None}
    assert "a number and a unit" in check("5")["problem"]


def test_a_wrong_answer_is_told_and_not_stored(site):
    status, said = site.decide(YES_NO, "anna", "keep", answer="about 5")
    assert (status, said) == (400, {"error": "Begin the answer with yes or no."})


def test_who_is_named_at_the_start_is_told_to_the_page(frames, tmp_path):
    with serving(str(frames), tmp_path / "human.jsonl", "anna") as site:
        begun = site.get("/api/session")[1]
    assert (begun["annotator"], begun["next"]) == ("anna", 0)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"\xff",
        b"[" * 50_000,
        b"{}",
        b'{"place": "0", "annotator": "a", "decision": "skip"}',
        b'{"place": true, "annotator": "a", "decision": "skip"}',
        b'{"place": 0, "decision": "skip"}',
        b'{"place": 0, "annotator": " ", "decision": "skip"}',
        b'{"place": 0, "annotator": "a"}',
        b'{"place": 0, "annotator": "a", "decision": ["skip"]}',
        b'{"place": 0, "annotator": "a", "decision": "keep"}',
        b'{"place": 0, "annotator": "a", "decision": "keep", "answer": {}}',
        b'{"place": 0, "annotator": "a", "decision": "rewrite", "question": "Q?", "answer": "a", "options": {}}',
    ],
)
def test_what_is_no_decision_is_a_clear_400(site, body):
    status, said, _ = site.get("/api/decision", body)
    assert status == 400
    assert said["error"]


def test_a_body_is_limited(site):
    status, said, _ = site.get("/api/decision", b" " * (LARGEST_BODY + 1))
    assert (status, said["error"]) == (413, f"body: more than {LARGEST_BODY} bytes; no question is that long")


@pytest.mark.parametrize("place", ["7", "-1", "99999999999", "1.5", "x", "..%2f..%2fetc%2fpasswd", "%00"])
def test_places_that_there_are_not(site, place):
    for path in (f"/api/item/{place}?annotator=a", f"/image/{place}", f"/outlines/{place}"):
        status, said, _ = site.get(path)
        assert status == 404
        assert said


@pytest.mark.parametrize(
    "path", ["/../decisions.py", "/%2e%2e/decisions.py", "/server.py", "/docs", "/openapi.json", "/x"]
)
def test_no_other_file_is_served(site, path):
    assert site.get(path)[0] == 404


@pytest.mark.parametrize("path", ["/", "/api/session", "/api/item/0?annotator=a", "/image/0", "/outlines/0", "/none"])
@pytest.mark.parametrize("token", ["", "wrong", "sécret", "secre", "secrets"])
def test_without_the_token_nothing_is_told(site, path, token):
    status, said, _ = site.get(path, token=token)
    assert status == 403
    assert "open the link" in said["error"]


def test_a_decision_needs_the_token(site):
    assert site.get("/api/decision", {"place": 0, "annotator": "a", "decision": "skip"}, token="")[0] == 403


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8000", 200),
        ("localhost:8000", 200),
        ("LOCALHOST", 200),
        ("[::1]:8000", 200),
        ("evil.example", 403),
        ("evil.example:80", 403),
        ("127.0.0.1.evil.example", 403),
        ("localhost.evil.example:8000", 403),
        ("10.0.0.1", 403),
        ("0.0.0.0", 403),
        ("", 403),
        (":8000", 403),
    ],
)
def test_only_this_machine_is_a_host(site, host, status):
    for path in ("/", "/page.js", "/api/session"):
        assert site.get(path, Host=host)[0] == status


def test_the_page_runs_nothing_but_its_own_script(site):
    scripts = [(f"/{name}.js", "text/javascript") for name in ("page", "picture", "client")]
    for path, media in (("/", "text/html"), ("/page.css", "text/css"), *scripts):
        status, content, headers = site.get(path)
        assert (status, headers["content-type"]) == (200, f"{media}; charset=utf-8")
        assert "script-src 'self'" in headers["content-security-policy"]
        assert headers["cache-control"] == "no-store"
        assert b"http://" not in content
        assert b"https://" not in content
        assert b"innerHTML" not in content


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.0.1", "example.org", ""])
def test_it_listens_on_the_loopback_address_alone(host):
    assert not is_local(host)
    with pytest.raises(UserError, match="is reached from other machines; give 127"):
        listen(host, 0)


def test_a_port_that_is_taken():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(UserError, match=r"cannot be had .*; give another --port, 0 takes any"):
            listen("127.0.0.1", taken.getsockname()[1])


def test_a_source_that_there_is_not_leaves_nothing_behind(tmp_path):
    out = tmp_path / "human.jsonl"
    with pytest.raises(UserError, match="no such folder"):
        run_annotation(str(tmp_path / "none"), out)
    assert not out.exists()


def test_without_the_extra_it_says_how_to_get_it(frames, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    for module in ("annotate.server", "http_server"):
        monkeypatch.delitem(sys.modules, f"spatialvlm.{module}")
    with pytest.raises(UserError, match=r"the page needs uvicorn; install the extra: pip install 'spatialvlm\[evalu"):
        run_annotation(str(frames), tmp_path / "human.jsonl")


@contextmanager
def running(frames, out):
    """The command in a process of its own: the process and the link it printed."""
    program = (
        "import sys; from pathlib import Path; from spatialvlm.annotate import run_annotation;"
        "run_annotation(sys.argv[2], Path(sys.argv[1]), limit=2, annotator='anna')"
    )
    command = [sys.executable, "-W", "error", "-c", program, str(out), str(frames)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            assert process.stderr.readline() == f"2 images, answers go to {out}\n"
            link = process.stderr.readline().removeprefix("open ").strip()
            assert process.stderr.readline() == "Ctrl-C ends it; the same command goes on later\n"
            yield process, link
        finally:
            process.kill()


def test_it_runs_until_it_is_stopped(frames, tmp_path):
    out = tmp_path / "human.jsonl"
    with running(frames, out) as (process, link):
        with urllib.request.urlopen(link, timeout=20) as answer:
            assert b"<title>Annotate</title>" in answer.read()
        process.send_signal(signal.SIGINT)
        said, complained = process.communicate(timeout=30)
    assert (process.returncode, said, complained) == (0, "", f"0 decisions in {out}\n")


def test_what_was_decided_outlives_a_kill(frames, tmp_path):
    out = tmp_path / "human.jsonl"
    with running(frames, out) as (process, link):
        address, token = link.split("/?token=")
        body = json.dumps({"place": 1, "annotator": "anna", "decision": "skip"}).encode()
        request = urllib.request.Request(f"{address}/api/decision", body, {"X-Token": token})
        with urllib.request.urlopen(request, timeout=20) as answer:
            assert json.load(answer) == {"saved": True, "decided": 1, "next": 0}
        process.kill()
    assert [one.decision for one in read_decisions(out)] == ["skip"]
    with serving(str(frames), out, "anna") as site:
        assert site.get("/api/session")[1]["decided"] == 1
