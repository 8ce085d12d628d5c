import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module")
def streams() -> Iterator[None]:
    """What inspect_ai leaves open is collected while the warnings about it are still ignored."""
    yield
    gc.collect()
