"""Names as data sets and models write them: each kind of writing, and what is no name."""

import pytest

from spatialvlm.captions import named, usual_size_m

WRITTEN = {
    # by whom: as written, as said
    "LVIS": {"mug_(cup)": "mug", "coffee_maker": "coffee maker", "pan_(for_cooking)": "pan", "Bible": "bible"},
    "COCO": {"door-stuff": "door", "wall-other-merged": "wall", "floor-wood": "wood floor", "hair drier": "hair drier"},
    "ADE20K": {"door, double door": "door", "windowpane, window ": "windowpane", "large, red mug": "large, red mug"},
    "Objects365": {"Dining Table": "dining table", "Other Shoes": "shoes", "Router/modem": "modem", "SUV": "SUV"},
    "YCB": {"025_mug": "mug", "072-b_toy_airplane": "toy airplane", "003_cracker_box": "cracker box"},
    "simulators": {"SM_Chair_01": "chair", "DiningTable": "dining table", "Mug|-01.3|+0.9": "mug", "Cube.012": "cube"},
    "paths": {"furniture/chair": "chair", "scene>table>mug": "mug", "mug_01.obj": "mug", "chair.n.01": "chair"},
    "numbers": {
        "chair.001": "chair",
        "person_12": "person",
        "chair#2": "chair",
        "chair (2)": "chair",
        "box 2": "box 2",
    },
    "shouting": {"CHAIR": "chair", "TABLE LAMP": "table lamp", "TV": "TV"},
    "models": {"teddy bear</s>": "teddy bear", "**blue mug**": "blue mug", "mug<|endoftext|>": "mug", "☕ mug": "mug"},
    "prefaces": {"A photo of a laptop": "laptop", "This is a red mug.": "red mug", "Answer: blue mug": "blue mug"},
    "sentences": {"The image shows a wooden bowl": "wooden bowl", "The mug is on the table.": "mug"},
    "captions": {
        "striped green mug on the table": "striped green mug on the table",
        "salt &amp; pepper": "salt & pepper",
    },
    "others": {"杯子": "杯子", "half-open door": "half-open door", "black/white chair": "black/white chair"},
}


@pytest.mark.parametrize("writer", WRITTEN)
def test_names_are_written_as_people_say_them(writer: str):
    assert {written: named(written) for written in WRITTEN[writer]} == WRITTEN[writer]
    assert {named(said) for said in WRITTEN[writer].values()} == set(WRITTEN[writer].values()), "once is enough"


NAMELESS = (
    "N/A", "[UNK]", "otherfurniture", "otherprop", "unknown", "unknown object", "unlabeled", "Background", "misc", "0",
    "object 12", "obj_000005", "instance_4", "##ball bat", "a cup . a bowl .", "n03001627", "/m/01mzpv", "???", "null",
    "I'm sorry, I cannot see", "textile-other", "a photo of", "", " ",
)  # fmt: skip


@pytest.mark.parametrize("written", NAMELESS)
def test_what_names_nothing_is_no_name(written: str):
    assert named(written) == ""


def test_what_things_measure():
    assert usual_size_m("a red mug") == usual_size_m("mug")
    low, high = usual_size_m("wooden table") or (0, 0)
    assert low < 1 < high
    assert usual_size_m("toy car") is usual_size_m("contraption") is usual_size_m("pair of shoes") is None
