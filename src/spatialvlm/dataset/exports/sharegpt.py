"""sharegpt: Samples -> `data.jsonl` of `conversations`, the images, and the `dataset_info.json` of LLaMA-Factory.

One line: {"id", "images": ["images/00000/desk.png"], "conversations": [{"from": "human", "value": "<image>\\n..."},
{"from": "gpt", "value"}, ...], "frame_id", "licence", "evidence"}. Read by LLaMA-Factory (`dataset_dir` is the export,
`dataset` is "spatialvlm") and ms-swift.
"""

from collections.abc import Iterator
from pathlib import Path

from spatialvlm.dataset.exports.conversations import Conversation, ImageWriter, about, from_and_value, json_line
from spatialvlm.dataset.exports.folder_card import write_card
from spatialvlm.dataset.files import to_json

DATA = "data.jsonl"
INFO = {
    "spatialvlm": {
        "file_name": DATA,
        "formatting": "sharegpt",
        "columns": {"messages": "conversations", "images": "images"},
    }
}


def write(samples: Iterator[Conversation], folder: Path) -> None:
    """Write the format; see the module."""
    (folder / "dataset_info.json").write_text(to_json(INFO, indent=1) + "\n")
    images = ImageWriter(folder)
    with (folder / DATA).open("wb") as file:
        for sample in samples:
            images.add(sample)
            line = {"images": [sample.image_path], "conversations": from_and_value(sample), **about(sample)}
            file.write(json_line(line))
    write_card(folder, DATA)
