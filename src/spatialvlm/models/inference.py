"""How models run here: the device, the precision, batches that shrink when memory runs out.

torch and onnxruntime are imported when they are first needed; the core needs neither.
"""

import gc
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from spatialvlm.errors import ModelError, UserError
from spatialvlm.models.weights import Located

if TYPE_CHECKING:
    import torch  # pyright: ignore[reportMissingImports]

Item = TypeVar("Item")
Result = TypeVar("Result")

PRECISIONS = ("auto", "full", "half")


@dataclass(frozen=True, slots=True)
class Runtime:
    """Where models run and how much they take at once.

    `device`: "auto" (a GPU where there is one), "cpu", "cuda", "cuda:1", "mps". `precision`: "auto" is half on a GPU,
    full on a CPU. `batch_size`: images that a model sees together, the one knob for memory; when memory runs out it is
    halved. Raises UserError for values out of range.
    """

    device: str = "auto"
    precision: str = "auto"
    batch_size: int = 8

    def __post_init__(self) -> None:
        if self.batch_size < 1:
            raise UserError(f"batch_size {self.batch_size}: expected 1 or more images")
        if not re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", self.device):
            raise UserError(f"device {self.device!r}: unknown; choose auto, cpu, cuda, cuda:N or mps")
        if self.precision not in PRECISIONS:
            raise UserError(f"precision {self.precision!r}: unknown; choose one of {', '.join(PRECISIONS)}")


class Batches:
    """Runs a model over items in batches: in order, each result once; halves the batch when memory runs out.

    The size that fitted is kept for later calls.
    """

    def __init__(self, size: int) -> None:
        self.size = size

    def __call__(self, run: Callable[[Sequence[Item]], Sequence[Result]], items: Sequence[Item]) -> list[Result]:
        """The results of `run` over all items. Raises ModelError where not even one item fits into memory."""
        results: list[Result] = []
        while len(results) < len(items):
            some = items[len(results) : len(results) + self.size]
            try:
                made = run(some)
            except (MemoryError, RuntimeError) as error:
                if not _is_out_of_memory(error):
                    raise
                if len(some) == 1:
                    raise ModelError(
                        "a model ran out of memory on a single image; use a smaller model or smaller images"
                    ) from error
                self.size = len(some) // 2
                _free_memory()
                continue
            if len(made) != len(some):
                raise ModelError(f"a model returned {len(made)} results for {len(some)} images")
            results += made
        return results


def _is_out_of_memory(error: BaseException) -> bool:
    """torch's own error, those of drivers and of onnxruntime say so in words."""
    text = str(error).lower()
    return isinstance(error, MemoryError) or any(
        sign in text for sign in ("out of memory", "outofmemory", "can't allocate", "failed to allocate", "bad_alloc")
    )


def _free_memory() -> None:
    gc.collect()
    with suppress(ImportError):
        import torch  # pyright: ignore[reportMissingImports]

        if torch.cuda.is_available():
            torch.cuda.empty_cache()


def torch_device(runtime: Runtime) -> "torch.device":
    """The torch device to run on. Raises UserError where it is not there, or torch is not."""
    torch = import_torch()
    if runtime.device != "auto":
        device = torch.device(runtime.device)
        there = {"cuda": torch.cuda.is_available, "mps": torch.backends.mps.is_available}.get(device.type)
        if there is not None and not there():
            raise UserError(f"device {runtime.device!r}: not on this machine; choose auto or cpu")
        return device
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def torch_dtype(runtime: Runtime, *, wide: bool = False) -> "torch.dtype":
    """The floating type to run in: half precision where it is asked for, or by default on a GPU.

    `wide`: a half precision of the range of full precision, for language models, whose activations leave that of
    float16.
    """
    torch = import_torch()
    half = runtime.precision == "half" or (runtime.precision == "auto" and torch_device(runtime).type != "cpu")
    return (torch.bfloat16 if wide else torch.float16) if half else torch.float32


def import_torch() -> Any:
    """torch. Raises UserError with the command that installs it."""
    try:
        import torch  # pyright: ignore[reportMissingImports]
    except ImportError:
        raise UserError(f"torch: not installed; {extra('hf')}") from None
    return torch


def import_transformers() -> Any:
    """transformers, quiet. Raises UserError with the command that installs it."""
    try:
        import transformers  # pyright: ignore[reportMissingImports]
    except ImportError:
        raise UserError(f"transformers: not installed; {extra('hf')}") from None
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    return transformers


def extra(name: str) -> str:
    """How to install an extra of this package."""
    return f"pip install 'spatialvlm[{name}]'"


def load_model(
    loader: Any, located: Located, runtime: Runtime, *, wide: bool = False, may_lack: str | None = None
) -> Any:
    """A transformers model by its Auto class, from files on this machine, on the device, in evaluation mode.

    `wide` as in `torch_dtype`. `may_lack` is a pattern of what its files need not hold. Raises UserError
    where the files hold no such model, or only a part of it.
    """
    from huggingface_hub.errors import StrictDataclassError  # pyright: ignore[reportMissingImports]
    from safetensors import SafetensorError  # pyright: ignore[reportMissingImports]

    settings = {"local_files_only": True, "dtype": torch_dtype(runtime, wide=wide), "output_loading_info": True}
    try:
        model, info = loader.from_pretrained(located.path, **settings)
    except ImportError as error:
        raise UserError(
            f"{located.name}: needs a package that is not installed: {_first_line(error)}; {extra('hf')}"
        ) from error
    except RuntimeError as error:
        if "ignore_mismatched_sizes" not in str(error):
            raise  # no memory, no driver
        raise UserError(_not_a_model(located, loader, error)) from error
    except (OSError, ValueError, KeyError, SafetensorError, StrictDataclassError) as error:
        raise UserError(_not_a_model(located, loader, error)) from error
    missing = [key for key in _missing(model, info["missing_keys"]) if not (may_lack and re.search(may_lack, key))]
    if missing:  # transformers would go on with random numbers in their place
        raise UserError(
            f"weights {located.name!r}: {len(missing)} parameters of {type(model).__name__} are missing, such as "
            f"{missing[0]!r}; get them anew, or give weights of that architecture"
        )
    return model.to(torch_device(runtime)).eval()


def _missing(model: Any, keys: Iterable[str]) -> list[str]:
    """The keys of weights that a model needs and its files lack, buffers too."""
    needed = {name for name, value in model.state_dict().items() if value.is_floating_point()}
    return sorted({*keys} & needed)


def load_processor(loader: Any, located: Located, **settings: Any) -> Any:
    """A transformers processor from files on this machine. Raises UserError where there is none or it needs more."""
    try:
        return loader.from_pretrained(located.path, local_files_only=True, **settings)
    except (ImportError, OSError, ValueError, KeyError) as error:
        if "torchvision" in str(error).lower():
            raise UserError(
                f"weights {located.name!r}: their processor needs torchvision, which is not installed; pip install "
                "torchvision (of the release that belongs to the installed torch)"
            ) from error
        if isinstance(error, ImportError):
            raise UserError(
                f"{located.name}: its processor needs a package that is not installed: {_first_line(error)}; "
                f"{extra('hf')}"
            ) from error
        raise UserError(_not_a_model(located, loader, error)) from error


def _not_a_model(located: Located, loader: Any, error: Exception) -> str:
    return (
        f"weights {located.name!r}: cannot be loaded as {loader.__name__} ({_first_line(error)}); give weights of that "
        f"architecture in the format of transformers; where a download was cut off: hf download {located.name}"
    )


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:300] if lines else type(error).__name__


def load_session(located: Located, runtime: Runtime) -> Any:
    """An onnxruntime session. Raises UserError where onnxruntime or the file is missing or damaged."""
    try:
        import onnxruntime
    except ImportError:
        raise UserError(f"onnxruntime: not installed; {extra('onnx')}") from None
    states: Any = import_module("onnxruntime.capi.onnxruntime_pybind11_state")
    path = onnx_file(located.path)
    providers = _providers(runtime, onnxruntime.get_available_providers())
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = int(os.environ.get("OMP_NUM_THREADS", "0"))
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=providers)
    except (states.Fail, states.InvalidProtobuf, states.NoSuchFile, states.InvalidArgument) as error:
        raise UserError(f"weights {located.name!r}: no ONNX model that can be run ({_first_line(error)})") from error


def _providers(runtime: Runtime, available: Sequence[str]) -> list[Any]:
    """onnxruntime's providers for a device, best first."""
    name, _, number = runtime.device.partition(":")
    cuda = "CUDAExecutionProvider"
    if name == "cuda" and cuda not in available:
        raise UserError(f"device {runtime.device!r}: none for onnxruntime; choose cpu, or pip install onnxruntime-gpu")
    first = [(cuda, {"device_id": int(number or 0)})] if name in ("auto", "cuda") and cuda in available else []
    return [*first, "CPUExecutionProvider"]


def onnx_file(path: Path) -> Path:
    """The ONNX file that a path is, or that a folder holds. Raises UserError where there is not exactly one."""
    if path.is_file():
        return path
    files = sorted(path.rglob("*.onnx"))
    if len(files) != 1:
        names = ", ".join(str(file.relative_to(path)) for file in files) or "none"
        raise UserError(f"weights {str(path)!r}: expected one ONNX file, found {names}; give the path of one")
    return files[0]


def run_session(session: Any, inputs: Mapping[str, np.ndarray], name: str) -> list[np.ndarray]:
    """All outputs of an onnxruntime session.

    Raises MemoryError where memory runs out, so that `Batches` halves the batch; ModelError where the model fails.
    """
    states: Any = import_module("onnxruntime.capi.onnxruntime_pybind11_state")
    try:
        return session.run(None, dict(inputs))
    except (states.RuntimeException, states.Fail, states.InvalidArgument) as error:
        fault = MemoryError if "alloc" in str(error).lower() else ModelError
        raise fault(f"{name}: {_first_line(error)}") from error
