"""Names of regions: a vision-language model says in 1 to 6 words what is inside a box.

Enters: frames and boxes. Leaves: a caption for each box, "" where the model has no usable one. The length is drawn for
each region, as the paper does with FlexCap, so that a dataset speaks of "mug" as well as of "blue mug with a handle"
(paper, appendix A.1; https://arxiv.org/abs/2403.12026).

The model sees one picture per region: what is around the box, with the box outlined in red. The crop keeps small things
legible, its margin tells a lid from its pot, and a second picture of the whole scene would double the cost and shut out
models that take one image at a time. The outline runs outside the box and hides nothing of it. Red marks are those that
such models know best (https://arxiv.org/abs/2304.06712).
"""

import hashlib
import re
from collections.abc import Sequence

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from spatialvlm.captions import named
from spatialvlm.geometry import BoxXyxy, Image
from spatialvlm.models import Model, Runtime, load_vlm
from spatialvlm.pipeline.detect.models.padding import pad_to_aspect
from spatialvlm.records import Frame

MAX_WORDS = 6
MAX_CHARACTERS = 60
MAX_NEW_TOKENS = 32
"""Six long words and a few that lead to them."""

MARGIN = 0.5
"""What the picture shows beside the box on each side, as a share of the box's longer side."""
MIN_MARGIN_PX = 16
SHORT_SIDE_PX, LONG_SIDE_PX = 336, 768
"""The picture is enlarged until its longer side has the one, and reduced to the other."""
LINE_PX = 4
RED = (255, 0, 0)

Boxes = Sequence[BoxXyxy] | Float32[np.ndarray, "_ 4"]


class Captioner:
    """Names what is in boxes. Raises UserError where the vision-language model cannot be loaded.

    Captions depend on the run's seed, the frame and the place of a box among its boxes, and on nothing else.
    """

    def __init__(self, model: Model, runtime: Runtime, seed: int = 0) -> None:
        self._vlm = load_vlm(model, runtime, seed=seed, max_new_tokens=MAX_NEW_TOKENS)
        self.name, self.version = self._vlm.name, self._vlm.version
        self._seed = seed

    def __call__(self, frames: Sequence[Frame], boxes: Sequence[Boxes]) -> list[list[str]]:
        """Caption each frame's boxes, in order, "" where there is no name."""
        lengths = [draw_lengths(self._seed, frame.id, len(own)) for frame, own in zip(frames, boxes, strict=True)]
        asked = [
            ([picture(frame.image, box)], question(max_words))
            for frame, own, words in zip(frames, boxes, lengths)
            for box, max_words in zip(own, words, strict=True)
        ]
        said = iter(self._vlm.answers(asked))
        return [[named(clean_caption(next(said), max_words)) for max_words in words] for words in lengths]


def draw_lengths(seed: int, frame_id: str, count: int) -> list[int]:
    """Draw how many words each of a frame's captions may have at most: 1 to 6, all equally likely."""
    digest = hashlib.sha256(frame_id.encode()).digest()[:8]
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, int.from_bytes(digest, "big")])))
    return rng.integers(1, MAX_WORDS + 1, count).tolist()


def question(max_words: int) -> str:
    """Ask for a name of so many words at most."""
    if max_words == 1:
        return "What is the main object inside the red box? Answer with one noun, nothing else."
    return (
        f"What is the main object inside the red box? Answer with a noun phrase of at most {max_words} words that "
        "tells it from similar objects, nothing else. Do not mention the red box."
    )


def picture(image: Image, box_xyxy: BoxXyxy) -> UInt8[np.ndarray, "H W 3"]:
    """Draw what is around a box of an image, with the box outlined in red."""
    height, width = image.shape[:2]
    x0, y0, x1, y1 = box_xyxy.tolist()
    margin = max(MIN_MARGIN_PX, MARGIN * max(x1 - x0, y1 - y0))
    left, top = max(0, int(x0 - margin)), max(0, int(y0 - margin))
    right, bottom = min(width, int(np.ceil(x1 + margin))), min(height, int(np.ceil(y1 + margin)))
    crop = image[top : max(bottom, top + 1), left : max(right, left + 1)]
    side = max(crop.shape[:2])
    scale = float(np.clip(side, SHORT_SIDE_PX, LONG_SIDE_PX)) / side
    size = [max(1, round(scale * length)) for length in crop.shape[1::-1]]
    seen = cv2.resize(crop, size, interpolation=cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA)
    # A border leaves room for the outline of a box that fills the picture.
    seen = cv2.copyMakeBorder(seen, LINE_PX, LINE_PX, LINE_PX, LINE_PX, cv2.BORDER_REPLICATE)
    scales = np.array(size) / crop.shape[1::-1]
    first = np.floor((np.array([x0, y0]) - (left, top)) * scales).astype(int)
    last = np.ceil((np.array([x1, y1]) - (left, top)) * scales).astype(int) + 2 * LINE_PX
    for step in range(LINE_PX):
        cv2.rectangle(seen, (first + step).tolist(), (last - 1 - step).tolist(), RED, 1)
    return pad_to_aspect(seen)


_REFUSAL = re.compile(
    r"\b(?:sorry|as an ai|i (?:can ?not|can't|am unable|am not|don't|do not)|i'm (?:not|unable)|unable to|"
    r"(?:can ?not|can't) (?:be )?(?:see|tell|determined?|identif\w+)|not (?:clear|visible|sure|possible|enough)|"
    r"unclear|unknown|unidentif\w+|unrecogni[sz]\w+|undetermined|(?:no|not an?) (?:\w+ )?(?:object|thing|item)s?|"
    r"nothing|none|n/a|too (?:blurry|dark|small)|image quality)\b",
    re.IGNORECASE,
)
_THING = (
    r"(?:main |primary |central )?(?:object|item|thing|subject|image|picture|photo|region|area|answer|noun(?: phrase)?)"
)
_MARK = r"(?:bounding box|box|rectangle|outline|square|frame|border)"
_LEAD = re.compile(
    r"^(?:sure|okay|ok|certainly|yes)\b[,.!: ]*|"
    r"^(?:answer|caption|label|object|output|noun phrase|description)\s*[:\-]\s*|"
    rf"^(?:(?:the|this) {_THING}\b[^.;:]*?|it|this|that|there|(?:in|inside|within) the (?:red )?{_MARK},?(?: there)?)"
    r"(?:'s| is| are| shows| contains| depicts| appears to be| seems to be| looks like)(?: likely| probably)?:?\s+|"
    r"^(?:a|an|the)?\s*(?:close-?up |cropped )?(?:photo|photograph|picture|image|view|close-?up) of\s+",
    re.IGNORECASE,
)
_POINTER = re.compile(
    r",?\s*\b(?:that is |which is )?(?:in|inside|within|outlined (?:in|by)|marked (?:in|by|with)|surrounded by|"
    rf"highlighted (?:in|by|with)|enclosed (?:in|by)) (?:the |a )?red(?:\W*$| {_MARK}\b.*$)",
    re.IGNORECASE,
)
_USELESS = re.compile(rf"^(?:red )?{_MARK}$|^(?:object|thing|item|something|empty|background)s?$", re.IGNORECASE)
_END = re.compile(r"[.!?](?:\s|$)|[;:\n(\[{<>|=]|\s[-/]\s|(?<=\w)/(?=\w)|[–—]|\s(?:is|are|has|have)\s")


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


ARTICLES = _set("a an the this that these those some any one's your my his her its their")
JOINTS = _set(
    "about above across against along among and around as at atop before behind below beneath beside between beyond "
    "but by containing covered down during filled featuring for from hanging having holding in inside into is are "
    "leaning like lying made mounted near next of off on onto or out over past placed resting shaped showing sitting "
    "standing that through to toward towards under underneath up upon wearing which while who with within without"
)
"""Words that open a part of a phrase: what comes before them stands without it."""
DESCRIBING = _set(
    "beige big black blue bright brown clear dark golden gray green grey large light long metal metallic old open "
    "orange pink plastic purple red rectangular round shiny short silver small square striped tall tan thin "
    "transparent turquoise upholstered violet white wide wooden yellow young"
)
"""Adjectives that come before a comma ("large, brown table"); after any other word a comma ends the name."""
PROPER = _set(
    "American Apple African Asian Canon Chinese Christmas Coca Coke Dell Easter English European French German Greek "
    "Halloween Heineken HP Ikea Indian Italian Japanese Korean Lego Mickey Nike Nikon Persian Pepsi Rubik's Samsung "
    "Santa Sony Spanish Starbucks Toyota Turkish Venetian Victorian Volkswagen"
)
"""Names that keep their capital; others lose the one that a sentence begins with."""


def clean_caption(text: str, max_words: int) -> str:
    """Make a model's answer a noun phrase without article of at most `max_words` words, "" where it is none.

    Lead-ins, thoughts, quotes, marks of emphasis and JSON are taken off. What is too long loses whole parts from its
    end ("with a handle"), and what is then still too long loses words from its front, since the noun comes last.
    """
    if not text.isprintable():
        text = "\n".join(line for line in text.splitlines() if line.strip())
    text = text.rpartition("</think>")[2]
    if label := re.search(r'"(?:label|caption|name|object|answer)"\s*:\s*"([^"]+)"', text):
        text = label[1]
    text = re.sub(r"^```\w*|```$|[*_`#]+|<\|?\w+\|?>", "", text.strip()).replace("’", "'").strip()
    text = re.sub(r"^(?:[-•]|\d+[.)])\s+", "", text.strip("\"'“”‘ \n"))
    while (shorter := _LEAD.sub("", text).lstrip("\"'“” ")) != text:
        text = shorter
    if _REFUSAL.search(text):
        return ""
    text = _POINTER.sub("", text)
    first = _END.split(text, maxsplit=1)[0]
    words = _fitted(_words(first), max_words)
    caption = " ".join(words)
    if not re.search(r"[A-Za-z]{2}", caption) or not caption.isascii() or len(caption) > MAX_CHARACTERS:
        return ""
    return "" if _USELESS.match(caption) else caption


def _words(phrase: str) -> list[str]:
    """Take the words of a phrase up to the comma that ends its name, without articles, in lower case but names."""
    before: list[str] = []
    for part in phrase.split(","):
        if before and not all(word.lower() in DESCRIBING | ARTICLES for word in before):
            break
        before += [word.strip("\"'“”‘.!?") for word in part.split()]
    words = [word for i, word in enumerate(before) if word and (i == 0 or word.lower() != before[i - 1].lower())]
    while words and words[0].lower() in ARTICLES:
        words = words[1:]
    titled = len(words) > 1 and all(word[0].isupper() for word in words if word.lower() not in JOINTS | ARTICLES)
    return [_lowered(word) if i == 0 or titled else word for i, word in enumerate(words)]


def _lowered(word: str) -> str:
    """Take its capital from a word, but for names, abbreviations (TV) and spellings (iPhone, T-shirt)."""
    kept = word in PROPER or word.split("-")[0] in PROPER or len(word.split("-")[0]) == 1
    return word if kept or not word[1:].islower() else word[0].lower() + word[1:]


def _fitted(words: Sequence[str], max_words: int) -> list[str]:
    """Keep the words that fit: the name with as many of its parts as there is room for, and no loose end."""
    starts = [i for i, word in enumerate(words) if i and word.lower() in JOINTS]
    name, *parts = (list(words[a:b]) for a, b in zip([0, *starts], [*starts, len(words)], strict=True))
    kept = name[-max_words:]
    for part in parts:
        if len(kept) + len(part) > max_words or len(name) > max_words:
            break
        kept += part
    while kept and kept[-1].lower() in JOINTS | ARTICLES:
        kept = kept[:-1]
    return kept
