"""Names as data sets and models write them -> names as people say them, or none.

A class "mug_(cup)", a node "chair.001", a path "furniture/chair", "The image shows a mug.", "CHAIR", "teddy bear</s>"
become "mug", "chair", "chair", "mug", "chair", "teddy bear". "otherfurniture", "N/A", "[UNK]", "object 12" are none.
Rules for English; a caption in another script comes back as it is.
"""

import html
import re
import unicodedata
from functools import lru_cache

from spatialvlm.captions.noun_phrases import adjective, clean, word_set

_NAMELESS = word_set("""
    - ? anomaly any background backgrounds bg blob category class cls cluster clutter dontcare empty entity
    foreground furniture furnitures id ignore ignored instance invalid item items label liquid mask misc
    miscellaneous n.a n/a na nan nil no none nothing null obj object objects other others part prop props region
    segment solid structural structure stuff target tbd test textile thing things todo unannotated uncategorized
    unclassified undefined unidentified unk unknown unlabel unlabeled unlabelled unrecognized unsorted
    unspecified untitled void
""")
"""Names that fit everything, or say that nobody gave one."""

_EMPTY_WORDS = word_set("generic ignored invalid misc miscellaneous other unidentified unknown unlabeled unspecified")
_ACRONYMS = word_set("AC ATM BBQ CCTV CD CPU DVD DVR GPS IPAD LCD LED MP3 PC PDA PS4 RV SUV TV UFO UPS USB VCR VR WC")
_SUFFIXES = re.compile(r"(?:[-_ ](?:stuff|merged|other))+$", re.IGNORECASE)
_TOKENS = re.compile(r"<[^<>]{0,40}>|\[(?:unk|pad|mask|cls|sep|inst)\]", re.IGNORECASE)
_MID = re.compile(r"^(?:/[mgt]/\w+|n\d{7,8}|[0-9a-f]{16,}|[\W\d_]*)$", re.IGNORECASE)
_SYNSET = re.compile(r"^([a-z_'-]+)\.[nvars]\.\d+$", re.IGNORECASE)
_NUMBERED = re.compile(r"(?:[._#-]+\d+|[ _]?\(\d+\)|\s+#\d+|\s*\[\d+\])+$")
_COUNTED = re.compile(r"^(.+?)[ _]\d+$")
_FIRST_NUMBER = re.compile(r"^\d+(?:-[a-z])?[_.: -]+(?=[^\W\d_]{2})")
_ASSET = re.compile(
    r"^(?:sm|sk|bp|mesh|geo|asset|prop|obj)_(?=[^\W\d_]{2})|_(?:lod\d|mesh|geo|col|low|high)$", re.IGNORECASE
)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_PICTURE = (
    r"(?:image|photo|photograph|picture|pic|video|frame|scene|view|drawing|render(?:ing)?|snapshot|shot|screenshot)"
)
_ADJECTIVES = r"(?:(?:close-?up|blurry|cropped|good|bad|clean|dark|bright|black and white|low resolution|main) )*"
_PREFACE = re.compile(
    r"^(?:sure|okay|ok|certainly|yes|answer|caption|label|name|class|category|object|output|description)\s*[,.:!]\s+|"
    rf"^(?:(?:a|an|the|this|one|my)\s+)?{_ADJECTIVES}{_PICTURE}\s+(?:of|showing|with|shows|depicts|contains|features|"
    r"displays|captures|is of)(?:\s+|$)|"
    rf"^in (?:the|this) {_PICTURE},?\s+(?:there (?:is|are)|we see|you (?:can )?see|i see)?\s*|"
    r"^(?:the|this) (?:main )?(?:object|thing|item|subject)(?: in [^,.;]{1,40})? (?:is|appears to be|looks like)\s+|"
    r"^(?:this|that|it|there|here|these|those)(?:'s| is| are| appears to be| looks like| seems to be)\s+|"
    r"^(?:i|we|you)(?: can)? see\s+|^(?:close-?up|detail) of\s+|^(?:probably|likely|maybe|possibly|perhaps)\s+",
    re.IGNORECASE,
)
_VERB = re.compile(
    r"(?<!that)(?<!which)(?<!who)\s+(?:is|are|was|were|has|have|can be|sits|stands|lies|appears|seems)\s", re.I
)
_END = re.compile(r"(?<=\S)[.!?;](?:\s|$)|[\r\n]|\s[-–—|]\s|:\s")
_REFUSAL = re.compile(
    r"\b(?:sorry|as an ai|i (?:can(?:no|')t|cannot|am unable|don't|do not)|unable to|"
    r"cannot (?:be )?(?:see|tell|determine)|not (?:clear|visible|sure)|too (?:blurry|dark))\b",
    re.IGNORECASE,
)
_WALLS = re.compile(r"^(wall|floor|ceiling)-(\w+)$", re.IGNORECASE)
LONGEST = 400


@lru_cache(maxsize=1 << 14)
def named(caption: str) -> str:
    """Write a caption as people say it, without article and closing mark; empty where it names no thing or two."""
    if len(caption) > LONGEST:
        return caption  # a text, which is no name; who asks says so
    text = _plain(caption)
    if not text or "##" in text or _MID.match(text) or _REFUSAL.search(text):
        return ""
    parts = list(dict.fromkeys(clean(part).casefold() for part in re.split(r"\s\.(?=\s|$)", text) if part.strip(" .")))
    if len(parts) > 1:
        return ""  # the prompt of a detector, which found either
    text = _sentence(text)
    text = _identifier(text) if " " not in text or "_" in text else _NUMBERED.sub("", text)
    text = _first_of_list(text)
    text = _in_lower_case(clean(text))
    words = text.split()
    while len(words) > 1 and words[0].lower() in _EMPTY_WORDS:
        words = words[1:]
    text = clean(" ".join(words))
    return "" if _is_nameless(text) else text


def _plain(text: str) -> str:
    """Take away what is no text: entities, tags, special tokens, emoji, quotation marks around the whole."""
    text = html.unescape(html.unescape(text))
    text = _TOKENS.sub(" ", text).replace("**", "").replace("`", "")
    kept = (" " if unicodedata.category(c) in ("So", "Sk", "Cs", "Co", "Cc") else c for c in text)
    text = " ".join("".join(c for c in kept if c not in "\u200d\ufe0f\u200b").split())
    return text.strip(" \"'“”‘’«»*").strip()


def _sentence(text: str) -> str:
    """Take the noun phrase out of a sentence, or of an answer with a preface."""
    for _ in range(3):
        text = _PREFACE.sub("", text, count=1)
    text = _END.split(text, maxsplit=1)[0] if _END.search(text) and " " in text else text
    found = _VERB.search(text)
    return text[: found.start()] if found else text


def _identifier(text: str) -> str:
    """Read the name of a class, a node or a file."""
    text = text.split("|")[0]
    synset = _SYNSET.match(text)
    text = synset[1] if synset else text
    text = re.sub(r"[ _]*\([^)]*\)?", "", text) if not text.startswith("(") else text.strip("()")
    if re.search("[/>]", text) and not all(adjective(side) for side in text.split(" ")[0].lower().split("/")):
        text = next((part for part in reversed(re.split("[/>]", text)) if part.strip()), "")
    text = re.sub(r"\.(?:png|jpe?g|obj|glb|gltf|fbx|usda?|usdz|ply|stl|sdf|urdf)$", "", text, flags=re.IGNORECASE)
    text = _ASSET.sub("", _NUMBERED.sub("", _FIRST_NUMBER.sub("", text)))
    text = _NUMBERED.sub("", text)
    walls = _WALLS.match(_SUFFIXES.sub("", text))
    text = f"{walls[2]} {walls[1]}" if walls else _SUFFIXES.sub("", text)
    text = _CAMEL.sub(" ", text).replace("_", " ")
    text = re.sub(r"^(?:sm|bp|sk) ", "", text, flags=re.IGNORECASE)
    return (
        re.sub(r"^other(?=[a-z]{4})", "other ", text, flags=re.IGNORECASE)
        if text.lower() not in ("otherwise",)
        else text
    )


def _first_of_list(text: str) -> str:
    """Take the first of names for the same thing, as in "door, double door"; adjectives are no names."""
    text = re.sub(r"\s*\([^)]*\)", "", text) if not text.startswith("(") else text
    before, slash, after = (part.strip() for part in text.partition("/"))
    if slash and before and after and not adjective(before.split()[-1].lower()):
        text = after if " " in after and " " not in before else before  # "cutting/chopping board"
    first, comma, _ = re.sub(r"\s+", " ", text).partition(",")
    words = first.split()
    return text if not comma or (words and all(adjective(word.lower()) for word in words)) else first


def _in_lower_case(text: str) -> str:
    """Write words in lower case that begin with a capital or are all capitals, but for acronyms."""
    return " ".join(
        word
        if word.upper() in _ACRONYMS and word.isupper()
        else word.lower()
        if word.isascii() and _shouts(word)
        else word
        for word in text.split()
    )


def _shouts(word: str) -> bool:
    return word[0].isalpha() and (word in (word.capitalize(), word.title()) or (word.isupper() and len(word) > 1))


def _is_nameless(text: str) -> bool:
    plain = text.casefold().strip(" ._-")
    counted = _COUNTED.match(plain)
    plain = counted[1] if counted else plain
    return plain in _NAMELESS or not any(character.isalpha() for character in plain) or len(plain) < 2
