"""torch and transformers: imported when they are first needed, a device and a type, models and processors by path."""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from spatialvlm.errors import UserError
from spatialvlm.models.runtime import Runtime, extra, first_line
from spatialvlm.models.weights import Located

if TYPE_CHECKING:
    import torch  # pyright: ignore[reportMissingImports]


def torch_device(runtime: Runtime) -> "torch.device":
    """Find the torch device to run on. Raises UserError where it is not there, or torch is not."""
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
    """Choose the floating type to run in: half precision where it is asked for, or by default on a GPU.

    `wide`: a half precision of the range of full precision, for language models, whose activations leave that of
    float16.
    """
    torch = import_torch()
    half = runtime.precision == "half" or (runtime.precision == "auto" and torch_device(runtime).type != "cpu")
    return (torch.bfloat16 if wide else torch.float16) if half else torch.float32


def import_torch() -> Any:
    """Import torch. Raises UserError with the command that installs it."""
    try:
        import torch  # pyright: ignore[reportMissingImports]
    except ImportError:
        raise UserError(f"torch: not installed; {extra('hf')}") from None
    return torch


def import_transformers() -> Any:
    """Import transformers, made quiet. Raises UserError with the command that installs it."""
    try:
        import transformers  # pyright: ignore[reportMissingImports]
    except ImportError:
        raise UserError(f"transformers: not installed; {extra('hf')}") from None
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    return transformers


def load_model(
    loader: Any, located: Located, runtime: Runtime, *, wide: bool = False, may_lack: str | None = None
) -> Any:
    """Load a transformers model by its Auto class, from files on this machine, on the device, in evaluation mode.

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
            f"{located.name}: needs a package that is not installed: {first_line(error)}; {extra('hf')}"
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
    """Find the keys of weights that a model needs and its files lack, buffers too."""
    needed = {name for name, value in model.state_dict().items() if value.is_floating_point()}
    return sorted({*keys} & needed)


def load_processor(loader: Any, located: Located, **settings: Any) -> Any:
    """Load a transformers processor from files on this machine. Raises UserError where none is or it needs more."""
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
                f"{located.name}: its processor needs a package that is not installed: {first_line(error)}; "
                f"{extra('hf')}"
            ) from error
        raise UserError(_not_a_model(located, loader, error)) from error


def _not_a_model(located: Located, loader: Any, error: Exception) -> str:
    return (
        f"weights {located.name!r}: cannot be loaded as {loader.__name__} ({first_line(error)}); give weights of that "
        f"architecture in the format of transformers; where a download was cut off: hf download {located.name}"
    )
