"""messages: Samples -> `data.jsonl` of chat `messages` with content parts, and the images beside it.

One line: {"id", "images": ["images/00000/desk.png"], "messages": [{"role", "content": [{"type": "image"}, {"type":
"text", "text"}]}, ...], "frame_id", "licence", "evidence"}. Read by TRL and ms-swift, and by whatever reads OpenAI-like
parts; LLaMA-Factory wants `sharegpt`.
"""

from collections.abc import Iterator
from pathlib import Path

from spatialvlm.dataset.exports.conversations import Conversation, ImageWriter, about, chat, json_line
from spatialvlm.dataset.exports.folder_card import write_card

DATA = "data.jsonl"


def write(samples: Iterator[Conversation], folder: Path) -> None:
    """Write the format; see the module."""
    images = ImageWriter(folder)
    with (folder / DATA).open("wb") as file:
        for sample in samples:
            images.add(sample)
            file.write(json_line({"images": [sample.image_path], "messages": chat(sample), **about(sample)}))
    write_card(folder, DATA)
