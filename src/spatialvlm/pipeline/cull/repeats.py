"""Pictures that repeat an earlier one of their source, found over the whole source before a build.

So which picture is dropped depends neither on workers nor on shards. It costs a reading of the whole source: every
picture that the build will look at is decoded once more, on a few threads. At any time a few pictures are in memory,
and of those seen before the id and 8 bytes.
"""

import warnings
from functools import partial

import numpy as np

from spatialvlm.engine.threads import in_order, threads
from spatialvlm.pipeline.collect import Source
from spatialvlm.pipeline.cull import CullConfig
from spatialvlm.pipeline.cull.duplicates import FLAT, find_duplicates
from spatialvlm.pipeline.cull.screen import fingerprint

READERS = 4


def find_repeats(source: Source, count: int, config: CullConfig) -> dict[str, str]:
    """For each of the first `count` frames that repeats an earlier one: its id -> the id of the earlier one.

    None where the config looks for none. What cannot be read, or would be dropped anyway for its size or sharpness,
    repeats nothing and is not repeated.
    """
    if config.duplicate_bits is None:
        return {}
    ids, hashes = [], np.zeros(count, np.uint64)
    with warnings.catch_warnings(), threads(READERS) as pool:  # readers silence warnings, and threads share the filters
        found = in_order(pool, partial(_hashed, source, config), range(count), ahead=2 * READERS)
        for index, (frame_id, value) in enumerate(found):
            ids.append(frame_id)
            hashes[index] = value
    return find_duplicates(ids, hashes, config.duplicate_bits)


def _hashed(source: Source, config: CullConfig, index: int) -> tuple[str, int]:
    """The id of a frame and the hash of its picture; no id and FLAT where it cannot be read."""
    frame = source.read(index).frame
    return ("", FLAT) if frame is None else (frame.id, fingerprint(frame.image, config))
