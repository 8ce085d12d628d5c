"""Visual Spatial Reasoning (VSR), the zero-shot split: is a caption about two objects true of the picture?

Enters: the hub's test.jsonl (1222 captions; dev.jsonl where it is alone, or any file of such rows), with image,
image_link, caption, label 0 or 1, relation, subj, obj and the votes. Leaves: a YesNo item a row, its kind the family of
its relation. The pictures are COCO 2017's: unpack the authors' vsr_images.zip, or train2017 and val2017, beside the
rows or to images/.

Data: https://huggingface.co/datasets/cambridgeltl/vsr_zeroshot. Official rule: the share of labels that a classifier
gets right, src/eval.py; families: analysis_scripts/rel_meta_category_dict.txt, where the later line counts for "among",
both in https://github.com/cambridgeltl/visual-spatial-reasoning at b1cf884. The authors ask no question in words: the
prompt is ours. The paper: arXiv 2205.00363.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from spatialvlm.answers import YesNo
from spatialvlm.errors import UserError
from spatialvlm.evaluate.items import Item
from spatialvlm.evaluate.tasks.cells import find_coco_picture
from spatialvlm.evaluate.tasks.data import Hub, rows
from spatialvlm.evaluate.tasks.task import Task
from spatialvlm.records import Score

SPLITS = ("test.jsonl", "dev.jsonl")
NEEDED = ("image", "caption", "label", "relation")
INSTRUCTION = "Answer with one word: yes or no."
PICTURES = "https://www.dropbox.com/s/0s3bj25s62crjh2/vsr_images.zip (COCO 2017, train and val)"
FAMILIES = {
    "Adjacency": "adjacent to, alongside, at the side of, at the right side of, at the left side of, attached to, "
    "at the back of, ahead of, against, at the edge of",
    "Directional": "off, past, toward, down, deep down, up, away from, along, around, from, into, to, across, "
    "across from, through, down from",
    "Orientation": "facing, facing away from, parallel to, perpendicular to",
    "Projective": "on top of, beneath, beside, behind, left of, right of, under, in front of, below, above, over, "
    "in the middle of",
    "Proximity": "by, close to, near, far from, far away from",
    "Topological": "connected to, detached from, has as a part, part of, contains, within, at, on, in, with, "
    "surrounding, among, consists of, out of, between, inside, outside, touching",
    "Unallocated": "beyond, next to, opposite to, after, among, enclosed by",
}
FAMILY_OF = {relation: family for family, listed in FAMILIES.items() for relation in listed.split(", ")}
SAYS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def items(folder: Path) -> Iterator[Item]:
    """Read the captions in the order of the data. A picture that is missing is found missing when it is opened."""
    split = next((name for name in SPLITS if (folder / name).is_file()), SPLITS[0])
    for number, row in enumerate(rows(folder, split, needs=NEEDED), 1):
        if row["label"] not in (0, 1):
            raise UserError(f"VSR row {number} ({row['image']}): got the label {row['label']!r}; expected 0 or 1")
        question = f'Is this true of the image? "{row["caption"]}"'
        yield Item(
            id=str(number),
            kind=FAMILY_OF.get(row["relation"], "Unallocated"),
            question=question,
            prompt=f"{question}\n{INSTRUCTION}",
            pictures=(find_coco_picture(row["image"], folder),),
            truth=YesNo(bool(row["label"])),
            meta={"relation": row["relation"], "pictures_from": row.get("image_link") or PICTURES},
        )


def official(item: Item, answer: str) -> Score:
    """Score whether the class is the label. The class is the answer's first word; other words name no class: wrong."""
    # The authors' classifier cannot but choose a class, so this is as strict as a text can be held to their rule.
    words = re.findall(r"[a-z0-9]+", answer.lower())
    said = SAYS.get(words[0]) if words else None
    right = isinstance(item.truth, YesNo) and item.truth.yes
    if said is None:
        return Score(0.0, None, "begins with none of true, yes, 1, false, no, 0")
    return Score(float(said == right), str(said).lower(), f"class {int(said)}, label {int(right)}")


TASK = Task(
    name="vsr",
    asks="whether a caption about two objects is true of the picture, yes or no",
    hub=Hub("cambridgeltl/vsr_zeroshot", "148b3777ceef4a1bfe46377614980836db7d12f2", ("test.jsonl",), "CC-BY-4.0"),
    items=items,
    official=official,
    licence="CC-BY-4.0",
    source="https://huggingface.co/datasets/cambridgeltl/vsr_zeroshot",
)
