"""Captions: real answers of models become names, lengths are drawn, the picture shows the right place."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import numpy as np
import pytest

from spatialvlm.models import Model, Runtime
from spatialvlm.pipeline.detect.models.captioner import (
    ARTICLES,
    JOINTS,
    LINE_PX,
    LONG_SIDE_PX,
    MAX_WORDS,
    RED,
    SHORT_SIDE_PX,
    Captioner,
    clean_caption,
    draw_lengths,
    picture,
    question,
)
from spatialvlm.records import Frame, Source

SAID = [
    # as asked
    ("wooden chair", 6, "wooden chair"),
    ("Mug", 1, "mug"),
    ("cake shaped like a house", 6, "cake shaped like a house"),
    ("cup cake in plastic container", 6, "cup cake in plastic container"),
    # quotes, full stops, articles, emphasis
    ('"A wooden chair."', 6, "wooden chair"),
    ("'The dining table'", 6, "dining table"),
    ("**Blue mug**", 6, "blue mug"),
    ("`laptop`", 2, "laptop"),
    ("An iPhone.", 3, "iPhone"),
    ("- red apple", 3, "red apple"),
    ("1. red apple\n2. green apple", 3, "red apple"),
    ("“Vase of flowers”", 3, "vase of flowers"),
    # lead-ins
    ("The object inside the red box is a black office chair.", 6, "black office chair"),
    ("The main object inside the red box is a potted plant.", 6, "potted plant"),
    ("This is a white ceramic mug with a handle.", 6, "white ceramic mug with a handle"),
    ("It appears to be a computer monitor.", 6, "computer monitor"),
    ("It's a dog.", 6, "dog"),
    ("Inside the red box is a stack of books.", 6, "stack of books"),
    ("Inside the red box, there is a lamp.", 6, "lamp"),
    ("There is a person wearing a blue shirt.", 6, "person wearing a blue shirt"),
    ("Answer: wooden table", 6, "wooden table"),
    ("Sure! A yellow school bus.", 6, "yellow school bus"),
    ("Noun phrase: silver fridge", 6, "silver fridge"),
    ("A photo of a cat", 6, "cat"),
    ("A close-up of a keyboard", 6, "keyboard"),
    # marks of ours
    ("a chair in the red box", 6, "chair"),
    ("bicycle outlined in red", 6, "bicycle"),
    ("a red box", 6, ""),
    ("Red rectangle", 6, ""),
    ("box", 6, ""),
    ("red apple", 6, "red apple"),
    ("red apple in the red bowl", 6, "red apple in the red bowl"),
    ("cardboard box", 6, "cardboard box"),
    ("picture frame", 6, "picture frame"),
    # too long
    ("small round table with a red flower pot on it", 6, "small round table"),
    ("small round table with a red flower pot on it", 3, "small round table"),
    ("small round table with a red flower pot on it", 1, "table"),
    ("large brown wooden dining table", 3, "wooden dining table"),
    ("large brown wooden dining table", 1, "table"),
    ("girl wearing a blue sweatshirt", 4, "girl"),
    ("girl wearing a blue sweatshirt", 5, "girl wearing a blue sweatshirt"),
    ("bowl of", 2, "bowl"),
    ("woman with the", 6, "woman"),
    # sentences, lists, alternatives
    ("Chair. It is made of wood and stands near the window.", 6, "chair"),
    ("wooden chair, brown, near the window", 6, "wooden chair"),
    ("large, brown wooden table", 6, "large brown wooden table"),
    ("sofa/couch", 3, "sofa"),
    ("laptop - silver", 3, "laptop"),
    ("monitor (computer)", 3, "monitor"),
    ("Bicycle leaning against a wall; black", 6, "bicycle leaning against a wall"),
    ("The chair is brown and made of wood.", 6, "chair"),
    ("chair chair chair chair", 6, "chair"),
    # capitals
    ("TV stand", 3, "TV stand"),
    ("Wooden Chair", 3, "wooden chair"),
    ("Christmas tree", 3, "Christmas tree"),
    ("Stack of LEGO bricks", 6, "stack of LEGO bricks"),
    ("T-shirt", 3, "T-shirt"),
    ("Coca-Cola can", 3, "Coca-Cola can"),
    ("Vase With Flowers", 3, "vase with flowers"),
    # JSON, thoughts, tokens
    ('```json\n[{"bbox_2d": [1, 2, 3, 4], "label": "office chair"}]\n```', 3, "office chair"),
    ("<think>The box shows a mug, no, a jar.</think>\nglass jar", 3, "glass jar"),
    ("chair<|im_end|>", 3, "chair"),
    ("chair</s>", 3, "chair"),
    # no answer at all
    ("", 6, ""),
    ("   \n", 6, ""),
    ("...", 6, ""),
    ("I'm sorry, but I can't help with identifying people.", 6, ""),
    ("I cannot determine what is inside the red box.", 6, ""),
    ("The image is too blurry to tell.", 6, ""),
    ("There is no object inside the red box.", 6, ""),
    ("Nothing", 6, ""),
    ("object", 6, ""),
    ("Empty", 6, ""),
    ("empty glass", 6, "empty glass"),
    ("None", 6, ""),
    ("unknown", 6, ""),
    ("unidentified object", 6, ""),
    ("It is not clear what it is.", 6, ""),
    ("N/A", 6, ""),
    ("一把椅子", 6, ""),
    ("(0.1, 0.2, 0.5, 0.6)", 6, ""),
    ("the", 6, ""),
    ("x" * 80, 6, ""),
]


@pytest.mark.parametrize(("said", "most_words", "expected"), SAID)
def test_answers_become_names(said: str, most_words: int, expected: str):
    assert clean_caption(said, most_words) == expected


@pytest.mark.parametrize("most_words", range(1, MAX_WORDS + 1))
def test_names_fit_and_stay(most_words: int):
    for said, _, _ in SAID:
        caption = clean_caption(said, most_words)
        words = caption.split()
        assert len(words) <= most_words
        if words:
            assert words[0].lower() not in ARTICLES
            assert words[-1].lower() not in ARTICLES | JOINTS
        assert clean_caption(caption, most_words) == caption


def test_lengths():
    drawn = draw_lengths(0, "a", 6000)
    counts = np.bincount(drawn, minlength=7)
    assert counts[0] == 0
    assert (np.abs(counts[1:] - 1000) < 150).all()
    assert draw_lengths(0, "a", 3) == drawn[:3]
    assert draw_lengths(1, "a", 40) != drawn[:40] != draw_lengths(0, "b", 40)
    assert draw_lengths(0, "a", 0) == []


def test_questions_differ_by_length():
    assert len({question(words) for words in range(1, MAX_WORDS + 1)}) == MAX_WORDS


@pytest.mark.parametrize("size", [(480, 640), (32, 32), (1, 1), (2000, 3000), (1, 900), (700, 2)])
@pytest.mark.parametrize("share", [(0, 0, 1, 1), (0.25, 0.25, 0.5, 0.75), (0.9, 0.9, 1, 1), (0, 0, 0.01, 0.01)])
def test_pictures(size: tuple[int, int], share: tuple[float, ...]):
    """The outline is whole, what it surrounds is the box, and nothing of the box is hidden."""
    height, width = size
    image = np.full((height, width, 3), 40, np.uint8)
    x0, y0, x1, y1 = box = (np.array(share) * (width, height, width, height)).astype(np.float32)
    c0, r0, c1, r1 = int(x0), int(y0), max(int(x0) + 1, int(x1)), max(int(y0) + 1, int(y1))
    image[r0:r1, c0:c1] = (0, 255, 0)
    before = image.copy()
    seen = picture(image, box)
    np.testing.assert_array_equal(image, before)
    assert seen.dtype == np.uint8
    assert SHORT_SIDE_PX <= max(seen.shape) <= LONG_SIDE_PX + 2 * LINE_PX
    assert min(seen.shape[:2]) * 4 >= max(seen.shape[:2])
    red = (seen == RED).all(axis=2)
    rows, columns = np.flatnonzero(red.any(axis=1)), np.flatnonzero(red.any(axis=0))
    top, bottom, left, right = rows[0], rows[-1], columns[0], columns[-1]
    for side in (red[top, left : right + 1], red[bottom, left : right + 1]):
        assert side.all()
    for side in (red[top : bottom + 1, left], red[top : bottom + 1, right]):
        assert side.all()
    inside = seen[top + LINE_PX : bottom + 1 - LINE_PX, left + LINE_PX : right + 1 - LINE_PX]
    assert (inside != RED).any(axis=2).all()
    if min(x1 - x0, y1 - y0) > 20:
        green = inside[..., 1] > 150
        assert green.mean() > 0.9


class Server:
    """A server that says back which picture and how many words it was asked for."""

    def __enter__(self) -> "Server":
        self.asked: list[tuple[str, str]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                image, text = body["messages"][0]["content"]
                outer.asked.append((image["image_url"]["url"], text["text"]))
                words = "one two three four five six seven eight"
                reply = json.dumps({"choices": [{"message": {"content": f"The {words}."}}]}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(reply)))
                self.end_headers()
                self.wfile.write(reply)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.model = Model("openai", f"http://127.0.0.1:{self._server.server_port}/v1#words")
        self._thread = Thread(target=self._server.serve_forever)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def frame(name: str, size: tuple[int, int] = (60, 80)) -> Frame:
    image = np.random.default_rng(len(name)).integers(0, 256, (*size, 3), dtype=np.uint8)
    return Frame(name, image, None, None, None, None, Source("test"))


def boxes(count: int) -> list[np.ndarray]:
    return [np.array([i, i, i + 20, i + 30], dtype=np.float32) for i in range(count)]


def test_captioner():
    frames, asked = [frame("a"), frame("bb", (32, 32)), frame("ccc")], [boxes(4), [], np.array(boxes(3))]
    with Server() as server:
        captioner = Captioner(server.model, Runtime(batch_size=2), seed=5)
        captions = captioner(frames, asked)
        assert [len(own) for own in captions] == [4, 0, 3]
        for one, own in zip(frames, captions, strict=True):
            assert [len(caption.split()) for caption in own] == draw_lengths(5, one.id, len(own))
        assert len({url for url, _ in server.asked}) == 7
        # Neither the neighbours nor the order of frames matter.
        assert captioner(frames[2:], asked[2:]) == captions[2:]
        assert captioner(frames[::-1], asked[::-1]) == captions[::-1]
        assert captioner([], []) == []
        assert captioner.name == "words"
        assert captioner.version.endswith("/v1")


def test_a_real_model(tmp_path):
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    from fixtures.models.tiny_vlm import build_llava

    captioner = Captioner(Model("transformers", str(build_llava(tmp_path / "vlm"))), Runtime("cpu"), seed=1)
    frames, asked = [frame("a"), frame("bb", (1, 1)), frame("c", (2, 300))], [boxes(3), boxes(1), boxes(1)]
    asked = [
        [np.minimum(box, np.float32([*one.image.shape[1::-1]] * 2)) for box in own] for one, own in zip(frames, asked)
    ]
    captions = captioner(frames, asked)
    assert [len(own) for own in captions] == [3, 1, 1]
    assert captioner(frames, asked) == captions
