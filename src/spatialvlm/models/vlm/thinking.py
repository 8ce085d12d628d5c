"""Tell what a model thought from what it answered, by the marks that its family writes.

Enters: text as a model wrote it, special tokens and all. Leaves: the answer, whether the thinking ended, and marks that
nobody here knows. FAMILIES is the table; a new one is a row. The marks are those of the chat templates on the hub, and
of the parsers of vLLM (vllm/reasoning at v0.26.0).
"""

import re
from dataclasses import dataclass
from typing import NamedTuple


class Family(NamedTuple):
    """Marks around thinking, as patterns; an opening may stand in the prompt, and so be missing."""

    who: str
    opens: str
    closes: str


_WORD = (
    r"(?:think|thinking|thoughts?|reason|reasoning|reflection|rationale|scratchpad|analysis|cot|(?:inner_)?monologue)"
)
_NAME = rf"(?:[a-z]\w{{0,11}}[:_-])?{_WORD}(?:[:_-]\w{{1,16}})?"

FAMILIES = (
    Family("DeepSeek, Qwen, GLM, Seed-OSS, EXAONE, MiniMax, Hunyuan, LongCat, Claude", rf"<{_NAME}>", rf"</{_NAME}>"),
    Family("Kimi", r"◁\s*think(?:ing)?\s*▷", r"◁\s*/\s*think(?:ing)?\s*▷"),
    Family("Magistral", r"\[THINK\]", r"\[/THINK\]"),
    Family("Cohere", r"<\|START_THINKING\|>", r"<\|END_THINKING\|>"),
    Family("Sky-T1, OpenThinker", r"<\|begin_of_thought\|>", r"<\|end_of_thought\|>"),
    Family("Apertus", r"<\|inner_prefix\|>", r"<\|inner_suffix\|>"),
    Family("Gemma 4", r"<\|channel>\s*thought\b", r"<channel\|>"),
    Family("MedGemma, Gemini", r"<(?:unused|ctrl)94>", r"<(?:unused|ctrl)95>"),
    Family("Pangu", r"\[unused16\]", r"\[unused17\]"),
    Family(
        "others, as a token",
        rf"<\|(?:start_of_)?{_WORD}(?:_start)?\|>",
        rf"<\|(?:/|end_of_){_WORD}\|>|<\|{_WORD}_end\|>",
    ),
    Family("Solar", r"(?!)", r"(?:<\|end\|>)?\s*<\|begin\|>assistant<\|content\|>"),
    Family("HyperCLOVA X", r"<\|im_start\|>assistant/think", r"<\|im_end\|>\s*<\|im_start\|>assistant(?!/)"),
    Family("gpt-oss", r"<\|channel\|>(?!final)\w+", r"<\|channel\|>final[^<>]{0,40}<\|message\|>"),
    Family("gpt-oss without its tokens", r"\A\s*analysis(?=[A-Z\"'])", r"assistantfinal(?=\W|[A-Z0-9])"),
    Family("Granite", r"\A\W*Here(?:'s| is) my thought process:", r"Here(?:'s| is) my (?:final )?(?:response|answer):"),
)
ANSWERS = (
    ("GLM", r"<\|begin_of_box\|>", r"<\|end_of_box\|>"),
    ("LLaVA-CoT", r"<CONCLUSION>", r"</CONCLUSION>"),
)
"""Marks around the final answer; they become <answer> and </answer>."""

_OPENS = re.compile("|".join(f"(?:{one.opens})" for one in FAMILIES), re.IGNORECASE)
_CLOSES = re.compile("|".join(f"(?:{one.closes})" for one in FAMILIES), re.IGNORECASE)
_BOXES = [(re.compile(opens, re.I), re.compile(closes, re.I)) for _, opens, closes in ANSWERS]
_SIGN = re.compile(r"[<◁\[]|&lt;|\A\s*analysis[A-Z\"']|\A\W*here(?:'s| is) my ", re.IGNORECASE)
"""What a text with any mark has; most answers have none."""

_TURN = (
    r"(?:im_(?:start|end|sep)|endoftext|end|start|return|call|message|channel|constrain|begin|content|turn|eot_id|eom_id"
    r"|(?:user|assistant|system|observation)(?:_(?:start|end))?|(?:start|end)_header_id|(?:begin|end)_of_\w+|START_\w+"
    r"|END_\w+|\w*(?:pad|vision|image|video|box|ref|quad|point|det|grounding|python_tag)\w*)"
)
_KNOWN = re.compile(
    rf"<\|/?{_TURN}\|?>|<{_TURN}\|>|</?s>|<(?:eos|bos|pad|unk|end_of_turn|start_of_turn|end_of_utterance|unused\d+|loc\d+"
    r"|seg\d+|image)>|<｜(?:begin▁of▁sentence|end▁of▁sentence|User|Assistant)｜>|\[/?INST\]|\[(?:EOS|BOS|PAD|IMG)\]"
)
"""Special tokens that say nothing."""
_TOKEN = r"<\|[^<>|\n]{1,40}\|>|<｜[^<>｜\n]{1,40}｜>|◁[^◁▷\n]{1,30}▷"
_TAG = r"</?[A-Za-z][\w:.-]{1,30}/?>"
_BRACKETS = r"\[/?[A-Z][A-Z_]{2,24}\]"
_TOKENS = re.compile(_TOKEN)
_MARK = re.compile(rf"{_TOKEN}|{_TAG}|{_BRACKETS}")
_PARTS = ("<|channel|>", "<|message|>", "<|channel>", "<channel|>", "<|begin|>", "<|content|>")
_PLAIN_TAGS = re.compile(
    r"</?(?:p|b|i|u|s|em|strong|br|hr|span|div|li|ul|ol|td|th|tr|table|tbody|thead|sub|sup|code|pre|del|strike|html|body|a"
    r"|h[1-6]|answer|final_answer|final|response|solution|output|summary|caption|points?|box|bbox|ref|object|quad)/?>",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class SplitReply:
    """A reply without its thinking. `unfinished`: the thinking never ended, so there is no answer.

    `unknown` lists the marks in the answer that nobody here knows, each once, in order.
    """

    answer: str
    unfinished: bool = False
    unknown: tuple[str, ...] = ()


def split_thinking(reply: str) -> SplitReply:
    """Cut the thinking off, then the special tokens: what counts stands behind the last mark that closes thinking.

    Where nothing stands there, it is what stands before the thinking: some say the answer first, then why. Thinking
    that never closes was cut off, and so there is no answer, save one in <answer> before it.
    """
    if _SIGN.search(reply) is None:
        return SplitReply(reply)
    text = reply.replace("&lt;", "<").replace("&gt;", ">")
    first = _OPENS.search(text)
    end = max((found.end() for found in _CLOSES.finditer(text)), default=0)
    before, rest = text[: first.start()] if first else "", text[end:]
    if _OPENS.search(rest):
        if "</answer>" not in before.lower():
            return SplitReply("", True)
        rest = before
    elif first and not _KNOWN.sub(" ", rest).strip():
        rest = before
    for opens, closes in _BOXES:
        rest = closes.sub("</answer>", opens.sub("<answer>", rest))
    rest = _KNOWN.sub(" ", rest)
    marks = dict.fromkeys(mark[0] for mark in _MARK.finditer(rest))
    unknown = tuple(mark for mark in marks if not _PLAIN_TAGS.fullmatch(mark))
    return SplitReply(_TOKENS.sub(" ", rest), False, unknown)


def is_thinking_mark(token: str) -> bool:
    """Tell whether a token of a model is a part of such marks, and so has to stay in what the model wrote."""
    pairs = [(_OPENS, _CLOSES), *_BOXES]
    return token in _PARTS or any(one.search(token) for pair in pairs for one in pair)
