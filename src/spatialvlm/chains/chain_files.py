"""Chains on disk: a dataset in, `data.jsonl` of chat messages with the chain beside each, and the images out.

One line: {"id", "images": ["images/00000/desk.png"], "messages": [user with the image, assistant with the reasoning and
the answer], "frame_id", "licence", "chain": "{...}"}. Trainers read it as they read the export `messages`. Who
calls may tell chains otherwise, by messages of their own.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spatialvlm import __version__
from spatialvlm.chains.chain_records import Chain, chain_from_json, chain_to_json
from spatialvlm.chains.drawing import ChosenStyle, draw_chains
from spatialvlm.dataset import (
    Conversation,
    Dataset,
    ImageWriter,
    chat_turns,
    json_line,
    opened,
    pictured,
    replace_folder,
    to_json,
    write_card,
    write_note,
)
from spatialvlm.errors import UserError
from spatialvlm.records import Scene

DATA = "data.jsonl"
Told = Callable[[Chain, Scene], list[dict[str, Any]] | str]
"""A chain and its scene -> the messages that tell it, or why it is not told."""


@dataclass(frozen=True, slots=True)
class ChainsWritten:
    """What was written: so many chains about so many images, and what was not, by kind and reason."""

    chains: int
    images: int
    refusals: dict[tuple[str, str], int]
    skipped: dict[str, int]


def write_chains(
    dataset: Dataset | Path | str,
    out: Path | str,
    *,
    per_scene: int = 8,
    seed: int = 0,
    style: ChosenStyle = "long",
    think: bool = False,
    told: Told | None = None,
    beside: Mapping[str, str] | None = None,
    report: Callable[[int], object] = lambda _: None,
) -> ChainsWritten:
    """Make chains about every scene of a dataset; `report` is told of every scene done.

    `told` writes the messages in place of `style`, and `beside` stands in every line then; what it does not tell is
    counted as refused.

    An earlier export in `out` is replaced once the new one is whole. Raises UserError where `out` holds anything else
    or lies in the dataset, and where no scene gives a chain.
    """
    dataset, out = opened(dataset), Path(out)
    if out.resolve().is_relative_to(dataset.folder.resolve()):
        raise UserError(f"{out}: lies in the dataset itself; choose another --out")
    about: dict[str, Any] = {"spatialvlm": __version__, "format": "chains", "dataset": dataset.folder.resolve().name}
    about |= {"per_scene": per_scene, "seed": seed, "style": "tools" if told else style, "think": think}
    chains = images = 0
    refusals, skipped = Counter[tuple[str, str]](), Counter[str]()
    with replace_folder(out, about) as folder:
        writer = ImageWriter(folder)
        with (folder / DATA).open("wb") as file:
            for scene, source in dataset.scenes():
                drawn = draw_chains(scene, per_scene, seed, style=style, think=think)
                refusals.update(drawn.refusals)
                tellings = [(chain, told(chain, scene) if told else turns_of(chain)) for chain in drawn.chains]
                refusals.update((chain.kind, why) for chain, why in tellings if isinstance(why, str))
                kept = [(chain, messages) for chain, messages in tellings if not isinstance(messages, str)]
                if not source.image_bytes or not kept:
                    skipped["no chain" if source.image_bytes else "no image"] += 1
                else:
                    picture = pictured(scene, source, images)
                    writer.add(picture)
                    lines = (_line(picture, number, *one, beside or {}) for number, one in enumerate(kept))
                    file.writelines(lines)
                    chains, images = chains + len(kept), images + 1
                report(1)
        write_card(folder, DATA)
        if not chains:
            reasons = ", ".join(f"{reason} in {count} frames" for reason, count in sorted(skipped.items()))
            raise UserError(f"{dataset.folder}: nothing to write ({reasons or 'it has no frames'})")
        refused = {f"{kind}/{reason}": count for (kind, reason), count in sorted(refusals.items())}
        counts = {"chains": chains, "images": images, "skipped": dict(sorted(skipped.items())), "refusals": refused}
        write_note(folder, about | counts)
    return ChainsWritten(chains, images, dict(sorted(refusals.items())), dict(sorted(skipped.items())))


def turns_of(chain: Chain) -> list[dict[str, Any]]:
    """Write a chain as a question and an answer in words."""
    return chat_turns([(chain.question, chain.text)])


def _line(
    picture: Conversation, number: int, chain: Chain, messages: list[dict[str, Any]], beside: Mapping[str, str]
) -> bytes:
    """Write one line. The keys of a chain vary, so it is a text of JSON: no type depends on the chains."""
    line = {"id": f"{picture.key}-c{number:04d}", "images": [picture.image_path], "frame_id": picture.frame_id}
    line |= {"messages": messages, "licence": picture.licence or ""}
    return json_line(line | dict(beside) | {"chain": to_json(chain_to_json(chain))})


def read_chains(folder: Path | str) -> Iterator[Chain]:
    """Read the chains of a folder that `write_chains` wrote, in order. Raises UserError for a line that is none."""
    path = Path(folder) / DATA
    if not path.is_file():
        raise UserError(f"{path}: no such file; expected a folder that `spatialvlm chains` wrote")
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            try:
                yield chain_from_json(json.loads(line)["chain"])
            except (ValueError, KeyError) as error:
                raise UserError(f"{path} line {number}: {error!r}; expected a line of `spatialvlm chains`") from None
