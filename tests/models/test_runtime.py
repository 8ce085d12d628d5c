"""Batches in order whatever fits into memory, and what runs where."""

import gc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatialvlm.errors import ModelError, UserError
from spatialvlm.models import Batches, Runtime, torch_device, torch_dtype


@pytest.fixture(scope="module", autouse=True)
def little_to_collect():
    """Each halving collects garbage, among all that the tests before have left."""
    gc.freeze()
    yield
    gc.unfreeze()


def doubled(fits):
    seen = []

    def run(items):
        seen.append(len(items))
        if len(items) > fits:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2 GiB")
        return [2 * item for item in items]

    return run, seen


@given(st.integers(0, 40), st.integers(1, 16), st.integers(1, 16))
def test_every_item_once_in_order_in_batches_that_fit(count, size, fits):
    run, seen = doubled(fits)
    batches = Batches(size)
    assert batches(run, list(range(count))) == [2 * item for item in range(count)]
    assert sum(n for n in seen if n <= fits) == count
    failed = [n for n in seen if n > fits]
    assert len(failed) <= 4  # halved from 16 to 1 at most
    seen.clear()
    batches(run, list(range(count)))
    assert all(n <= fits for n in seen), "the size that fitted is kept"


def test_a_single_item_that_does_not_fit_is_a_model_error():
    run, _ = doubled(0)
    with pytest.raises(ModelError, match="ran out of memory on a single image"):
        Batches(8)(run, [1, 2, 3])


def test_other_errors_are_not_taken_for_a_lack_of_memory():
    def run(items):
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    with pytest.raises(RuntimeError, match="shapes"):
        Batches(8)(run, [1, 2])


def test_a_model_that_loses_an_image_is_found_out():
    with pytest.raises(ModelError, match="returned 1 results for 2 images"):
        Batches(8)(lambda items: items[:1], [1, 2])


@pytest.mark.parametrize(
    ("settings", "part"),
    [
        ({"batch_size": 0}, "batch_size 0: expected 1 or more images"),
        ({"precision": "double"}, "precision 'double': unknown; choose one of auto, full, half"),
    ],
)
def test_settings_out_of_range_say_so(settings, part):
    with pytest.raises(UserError, match=part):
        Runtime(**settings)


def test_devices_and_precisions():
    torch = pytest.importorskip("torch")
    assert torch_device(Runtime("cpu")).type == "cpu"
    assert torch_dtype(Runtime("cpu")) == torch.float32
    assert torch_dtype(Runtime("cpu", "half")) == torch.float16
    assert torch_dtype(Runtime("cpu", "half"), wide=True) == torch.bfloat16
    with pytest.raises(UserError, match="device 'gpu': unknown; choose auto, cpu, cuda"):
        torch_device(Runtime("gpu"))
    if not torch.cuda.is_available():
        with pytest.raises(UserError, match="device 'cuda': not on this machine"):
            torch_device(Runtime("cuda"))
