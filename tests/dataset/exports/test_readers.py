"""Every export read back by the library that it is meant for, in a process of its own, through the docs' snippets.

`datasets` and `webdataset` are light and in the extra `dev`. TRL, ms-swift and LLaMA-Factory are not; .ci/run installs
what the skips below name.
"""

import importlib.util
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fixtures.plain_facts import LENGTHS
from spatialvlm.answers import answer_from_text
from spatialvlm.dataset.exports import FORMATS, PER, export
from spatialvlm.dataset.exports.conversations import (
    NO_NUMBER,
    ExportCounts,
    about,
    conversations_of,
    json_line,
)
from spatialvlm.dataset.read import Dataset
from spatialvlm.records import QA

DOCS = Path(__file__).parents[3] / "docs" / "exports.md"


def needs(*modules: str) -> pytest.MarkDecorator:
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    return pytest.mark.skipif(bool(missing), reason=f"{', '.join(missing)} not installed; .ci/run installs it")


_HARNESS = """
import importlib.util, json, os
found = {}
for name, code in CODES.items():
    os.chdir(os.path.join(ROOT, name))
    scope = {}
    exec(code.replace('"out"', repr(os.path.abspath("out"))), scope)
    found[name] = scope["found"]
with open(os.path.join(ROOT, "found.json"), "w") as file:
    json.dump(found, file)
"""


@pytest.fixture
def run(tmp_path):
    """Run programs by the folder that they run in, which holds an export called `out`; offline.

    Each sets `found`, which comes back by folder. One process for all: importing a trainer takes seconds.
    """

    def program(codes: dict[str, str]) -> dict[str, Any]:
        environment = os.environ | {
            "HF_HOME": str(tmp_path / "hub"),
            "HF_HUB_OFFLINE": "1",
            "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
            "MODELSCOPE_CACHE": str(tmp_path / "modelscope"),
            "DISABLE_VERSION_CHECK": "1",  # LLaMA-Factory's, of what it trains with
        }
        whole = f"ROOT, CODES = {str(tmp_path)!r}, {codes!r}\n{_HARNESS}"
        done = subprocess.run(
            [sys.executable, "-c", whole], env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads((tmp_path / "found.json").read_text())

    return program


def snippet(name: str) -> str:
    """The Python under a heading of docs/exports.md."""
    section = DOCS.read_text().split(f"\n## {name}\n")[1].split("\n## ")[0]
    return re.findall(r"```python\n(.*?)```", section, re.DOTALL)[0]


def asked(dataset: Dataset) -> list[list[QA]]:
    """The questions of every frame that makes a sample."""
    pairs = zip(dataset.scenes(), dataset.questions())
    return [questions for (_, source), (_, questions) in pairs if source.image_bytes and questions]


def words(dataset: Dataset, per: str = "image") -> list[list[str]]:
    """Question, answer, question, ... of every sample."""
    chats = [
        [text.replace("<image>", "image") for qa in questions for text in (qa.question, qa.answer)]
        for questions in asked(dataset)
    ]
    return chats if per == "image" else [chat[i : i + 2] for chat in chats for i in range(0, len(chat), 2)]


CHATS = "[[part['text'] for t in row['messages'] for part in t['content'] if part['type'] == 'text'] for row in rows]"


@needs("datasets", "PIL")
def test_messages_and_hf_by_datasets(dataset, tmp_path, run):
    for per in PER:
        export(dataset, tmp_path / f"messages-{per}" / "out", to="messages", per=per)
        export(dataset, tmp_path / f"hf-{per}" / "out", to="hf", per=per)
    rows = f"[{CHATS}, [(row.get('image') or row['images'][0]).size for row in rows], [r['evidence'] for r in rows]]"
    streamed = f"{snippet('hf')}rows = list(rows)\n"
    stored = streamed.replace(", streaming=True", "")
    codes = {"messages": snippet("messages"), "hf": f"{streamed}count = len(rows)\n{stored}assert len(rows) == count\n"}
    found = run({f"{to}-{per}": f"{code}found = {rows}" for to, code in codes.items() for per in PER})
    questions = [qa for asked_of_one in asked(dataset) for qa in asked_of_one]
    for name, (chats, sizes, evidence) in found.items():
        assert chats == words(dataset, name.split("-")[1])
        assert sizes == [[64, 48]] * len(chats)
        for qa, row in zip(questions, (e for rows in evidence for e in rows), strict=True):
            assert (row["kind"], row["subjects"]) == (qa.kind, list(qa.fact.subjects))
            assert row["error"] == pytest.approx(qa.fact.error)
            assert row["number"] == (pytest.approx(qa.fact.answer.metres) if qa.kind in LENGTHS else row["number"])
            assert answer_from_text(row["value"]) == qa.value


KINDS = "[[e['kind'] for e in (row.get('json') or row)['evidence']] for row in rows]"
FOLDER = """
from datasets import load_dataset
rows = load_dataset("out", split="train")
found = [len(rows), %s, sorted(rows.column_names)]
"""


@needs("datasets", "PIL")
def test_the_folder_of_any_export_gives_rows_with_their_questions(dataset, make_dataset, tmp_path, run):
    other = make_dataset(tmp_path / "other", ("one", "two"))
    for to in FORMATS:
        export(dataset, tmp_path / to / "out", to=to)
        # Of the same name, so that the cache of `datasets` may take one for the other.
        export(other, tmp_path / f"{to}-other" / "out", to=to)
    found = run({f"{to}{which}": FOLDER % KINDS for to in FORMATS for which in ("", "-other")})
    for to in FORMATS:
        for which, known in (("", dataset), ("-other", other)):
            count, kinds, _ = found[to + which]
            assert kinds == [[qa.kind for qa in questions] for questions in asked(known)]
            assert count == len(kinds)
    assert {"messages", "images", "evidence"} <= {*found["messages"][2]}


_BLOCKS = """
import os
from datasets import load_dataset
found = []
for path in sorted(os.listdir("out")):
    rows = load_dataset("json", data_files=os.path.join("out", path), split="train", chunksize=2000)
    found.append([str(rows.features), sorted(e["value"] for row in rows for e in row["evidence"])])
"""


def absent(value: object) -> bool:
    return value in ("", NO_NUMBER, [""], None)


@needs("datasets")
def test_no_type_depends_on_what_comes_first(dataset, make_scene, make_questions, tmp_path, run):
    """Of a file `datasets` takes the types from the first block, 10 MB, here 2 kB: one or two rows."""
    sample = next(conversations_of(dataset, "question", ExportCounts(), print))
    scene, _ = make_scene(0)
    samples = [replace(sample, questions=(qa,), licence="MIT" if qa.unit else None) for qa in make_questions(scene)]
    rows = [(line, {**line["evidence"][0], "licence": line["licence"]}) for line in map(about, samples)]
    names = [name for name in rows[0][1] if len({absent(row[name]) for _, row in rows}) == 2]
    assert {*names} >= {"number", "unit", "label", "given", "asked_unit", "options", "licence"}
    (tmp_path / "messages" / "out").mkdir(parents=True)
    for name in names:
        for last in (False, True):  # what has none of it comes first, or last
            ordered = sorted(rows, key=lambda pair: absent(pair[1][name]) == last)
            with (tmp_path / "messages" / "out" / f"{name}-{last}.jsonl").open("wb") as file:
                file.writelines(json_line(line) for line, _ in ordered)
    found = run({"messages": _BLOCKS})["messages"]
    assert len(found) == 2 * len(names)
    assert all(one == found[0] for one in found)


@needs("webdataset", "PIL")
def test_webdataset_by_webdataset(dataset, tmp_path, run):
    for per in PER:
        export(dataset, tmp_path / per / "out", to="webdataset", per=per)
    code = f"""{snippet("webdataset")}    rows.append(entry)\n    sizes.append(image.size)
found = [{CHATS}, sizes, [e["kind"] for row in rows for e in row["evidence"]]]"""
    for per, (chats, sizes, kinds) in run(dict.fromkeys(PER, f"rows, sizes = [], []\n{code}")).items():
        assert chats == words(dataset, per)
        assert sizes == [[64, 48]] * len(chats)
        assert kinds == [qa.kind for questions in asked(dataset) for qa in questions]


@needs("PIL")
def test_llava_by_hand(dataset, tmp_path, run):
    export(dataset, tmp_path / "llava" / "out", to="llava")
    code = f"found = []\n{snippet('llava')}    found.append([question, answer, image.size])"
    assert run({"llava": code})["llava"] == [[f"<image>\n{chat[0]}", chat[1], [64, 48]] for chat in words(dataset)]


# What TRL does with a row of images and messages before it trains: the chat template and the processor, with labels.
_TRL = """
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import CLIPImageProcessorPil, LlavaProcessor, PreTrainedTokenizerFast
from trl import is_conversational
from trl.data_utils import prepare_multimodal_messages
from trl.trainer.sft_trainer import DataCollatorForVisionLanguageModeling

alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
bpe = Tokenizer(models.BPE({letter: index for index, letter in enumerate(alphabet)}, []))
bpe.pre_tokenizer, bpe.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
tokenizer = PreTrainedTokenizerFast(
    tokenizer_object=bpe, pad_token="<pad>", eos_token="<end>", extra_special_tokens={"image_token": "<image>"}
)
template = (
    "{% for turn in messages %}{{ turn['role'] }}: {% for part in turn['content'] %}"
    "{% if part['type'] == 'image' %}<image>{% else %}{{ part['text'] }}{% endif %}{% endfor %}<end>{% endfor %}"
)
pictures = CLIPImageProcessorPil(size={"shortest_edge": 28}, crop_size={"height": 28, "width": 28})
processor = LlavaProcessor(
    pictures, tokenizer, patch_size=14, vision_feature_select_strategy="full", chat_template=template
)
collate = DataCollatorForVisionLanguageModeling(processor)
found = []
for row in rows:
    assert is_conversational(row)
    prepare_multimodal_messages(row["messages"], images=row.get("images") or [row["image"]])
    batch = collate([row])
    found.append([tokenizer.decode(batch["input_ids"][0]), list(batch["pixel_values"].shape)])
"""


@needs("trl", "torch", "datasets", "PIL")
def test_messages_and_hf_by_trl(dataset, tmp_path, run):
    for to in ("messages", "hf"):
        export(dataset, tmp_path / to / "out", to=to)
    found = run({to: snippet(to).split("for row in rows")[0] + _TRL for to in ("messages", "hf")})
    image = "<image>" * 4
    for rows in found.values():
        for (text, shape), chat in zip(rows, words(dataset), strict=True):
            turns = [f"{role}: {said}<end>" for role, said in zip(("user", "assistant") * len(chat), chat)]
            assert text.replace(" ", "") == "".join(turns).replace("user: ", f"user: {image}", 1).replace(" ", "")
            assert shape == [1, 3, 28, 28]


_SWIFT = """
import os
from pathlib import Path
os.environ["ROOT_IMAGE_DIR"] = "out"
from swift.dataset import load_dataset
from swift.template.template_inputs import StdTemplateInputs
from swift.template.vision_utils import load_image

found = []
path = next(str(path) for path in Path("out").glob("data.json*"))
for row in load_dataset(path)[0]:
    inputs = StdTemplateInputs.from_dict(dict(row))
    found.append([[turn["content"] for turn in inputs.messages], [load_image(i["path"]).size for i in inputs.images]])
"""


@needs("swift", "modelscope", "torch")
def test_messages_sharegpt_and_llava_by_ms_swift(dataset, tmp_path, run):
    for to in ("messages", "sharegpt", "llava"):
        export(dataset, tmp_path / to / "out", to=to)
    for to, rows in run(dict.fromkeys(("messages", "sharegpt", "llava"), _SWIFT)).items():
        start = "<image>" if to == "messages" else "<image>\n"
        assert rows == [[[start + chat[0], *chat[1:]], [[64, 48]]] for chat in words(dataset)]


# LLaMA-Factory asks for torchaudio at import, which has no CPU build for every torch; no sound is read here.
_LLAMA_FACTORY = """
import importlib.machinery, importlib.util, os, sys, types
from types import SimpleNamespace
if importlib.util.find_spec("torchaudio") is None:
    sys.modules["torchaudio"] = types.ModuleType("torchaudio")
    sys.modules["torchaudio"].__spec__ = importlib.machinery.ModuleSpec("torchaudio", None)
from llamafactory.data.loader import _load_single_dataset
from llamafactory.data.parser import get_dataset_list
from llamafactory.hparams import DataArguments

data = DataArguments(dataset="spatialvlm", dataset_dir="out")
attributes, = get_dataset_list(data.dataset, data.dataset_dir)
model = SimpleNamespace(cache_dir=None, hf_hub_token=None)
found = []
for row in _load_single_dataset(attributes, model, data, SimpleNamespace(local_process_index=0)):
    turns = row["_prompt"] + row["_response"]
    found.append([[turn["role"], turn["content"]] for turn in turns] + [os.path.isfile(i) for i in row["_images"]])
"""


@needs("llamafactory", "torch")
def test_sharegpt_by_llama_factory(dataset, tmp_path, run):
    export(dataset, tmp_path / "sharegpt" / "out", to="sharegpt")
    found = run({"sharegpt": _LLAMA_FACTORY})["sharegpt"]
    chats = [[f"<image>\n{chat[0]}", *chat[1:]] for chat in words(dataset)]
    assert found == [
        [[role, text] for role, text in zip(("user", "assistant") * len(chat), chat)] + [True] for chat in chats
    ]
