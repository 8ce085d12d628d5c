"""onnxruntime: a session for a file, and its outputs. Imported when it is first needed."""

import os
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from spatialvlm.errors import ModelError, UserError
from spatialvlm.models.runtime import Runtime, extra, first_line
from spatialvlm.models.weights import Located


def load_session(located: Located, runtime: Runtime) -> Any:
    """Open an onnxruntime session. Raises UserError where onnxruntime or the file is missing or damaged."""
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
        raise UserError(f"weights {located.name!r}: no ONNX model that can be run ({first_line(error)})") from error


def _providers(runtime: Runtime, available: Sequence[str]) -> list[Any]:
    """List onnxruntime's providers for a device, best first."""
    name, _, number = runtime.device.partition(":")
    cuda = "CUDAExecutionProvider"
    if name == "cuda" and cuda not in available:
        raise UserError(f"device {runtime.device!r}: none for onnxruntime; choose cpu, or pip install onnxruntime-gpu")
    first = [(cuda, {"device_id": int(number or 0)})] if name in ("auto", "cuda") and cuda in available else []
    return [*first, "CPUExecutionProvider"]


def onnx_file(path: Path) -> Path:
    """Find the ONNX file that a path is, or that a folder holds. Raises UserError where there is not exactly one."""
    if path.is_file():
        return path
    files = sorted(path.rglob("*.onnx"))
    if len(files) != 1:
        names = ", ".join(str(file.relative_to(path)) for file in files) or "none"
        raise UserError(f"weights {str(path)!r}: expected one ONNX file, found {names}; give the path of one")
    return files[0]


def run_session(session: Any, inputs: Mapping[str, np.ndarray], name: str) -> list[np.ndarray]:
    """Run an onnxruntime session for all its outputs.

    Raises MemoryError where memory runs out, so that `Batches` halves the batch; ModelError where the model fails.
    """
    states: Any = import_module("onnxruntime.capi.onnxruntime_pybind11_state")
    try:
        return session.run(None, dict(inputs))
    except (states.RuntimeException, states.Fail, states.InvalidArgument) as error:
        fault = MemoryError if "alloc" in str(error).lower() else ModelError
        raise fault(f"{name}: {first_line(error)}") from error
