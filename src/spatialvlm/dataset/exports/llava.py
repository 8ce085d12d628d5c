"""llava: Samples -> `data.json`, one list as LLaVA's trainers read it, and the images beside it.

An entry: {"id", "image": "images/00000/desk.png", "conversations": [{"from": "human", "value": "<image>\\n..."},
{"from": "gpt", "value"}, ...], "frame_id", "licence", "evidence"}. The image folder to give is the export itself.
"""

from collections.abc import Iterator
from pathlib import Path

from spatialvlm.dataset.exports.conversations import Conversation, ImageWriter, about, from_and_value
from spatialvlm.dataset.exports.folder_card import write_card
from spatialvlm.dataset.files import to_json

DATA = "data.json"


def write(samples: Iterator[Conversation], folder: Path) -> None:
    """Write the format; see the module."""
    images = ImageWriter(folder)
    with (folder / DATA).open("wb") as file:
        separator = b"[\n"
        for sample in samples:
            images.add(sample)
            entry = {"image": sample.image_path, "conversations": from_and_value(sample), **about(sample)}
            file.write(separator + to_json(entry).encode())
            separator = b",\n"
        file.write(b"\n]\n")
    write_card(folder, DATA)
