"""webdataset: Samples -> tar shards; a sample is `<key>.<png|jpg|...>` and `<key>.json`, next to each other.

The JSON is {"id", "messages", "frame_id", "licence", "evidence"}, the messages as in the format `messages`. Headers
hold no time and no owner, so the same samples give the same bytes. One sample per question repeats its image.
"""

import hashlib
import tarfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from spatialvlm.dataset.exports.conversations import Conversation, about, chat, json_line
from spatialvlm.dataset.exports.folder_card import write_card

SHARD_BYTES = 256 * 2**20


def write(samples: Iterator[Conversation], folder: Path) -> None:
    """Write the format; see the module. A shard takes samples until it has `SHARD_BYTES`."""
    shard, digest = 0, hashlib.sha256()
    sample = next(samples, None)
    while sample is not None:
        with tarfile.open(folder / f"shard-{shard:05d}.tar", "w", format=tarfile.USTAR_FORMAT) as tar:
            while sample is not None and tar.offset < SHARD_BYTES:
                said = json_line({"messages": chat(sample), **about(sample)})
                for suffix, data in ((sample.suffix, sample.image_bytes), ("json", said)):
                    _add(tar, f"{sample.key}.{suffix}", data)
                    digest.update(data)
                sample = next(samples, None)
        shard += 1
    write_card(folder, "shard-*.tar", digest.hexdigest())


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)  # the time is 0, the owner nobody
    member.size = len(data)
    tar.addfile(member, BytesIO(data))
