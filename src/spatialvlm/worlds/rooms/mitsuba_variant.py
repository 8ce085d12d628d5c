"""Which variant of Mitsuba draws: in goes what the machine has, out comes "llvm_ad_rgb" or "scalar_rgb".

The LLVM variant is several times as fast, but some versions of LLVM end the process that loads them. So each library
that may do is tried in a process of its own, once: the choice is written to the environment, and the worker processes
find it there. The variant decides the last bits of a picture, so it is part of the fingerprint of the rooms.
"""

import importlib
import importlib.util
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from spatialvlm.errors import UserError

VARIABLE = "SPATIALVLM_ROOMS_VARIANT"
TRIED_VARIABLE = "SPATIALVLM_ROOMS_TRIED"  # what a parent process has tried and found to work
LIBRARY_VARIABLE = "DRJIT_LIBLLVM_PATH"  # DrJit's own
LLVM, SCALAR = "llvm_ad_rgb", "scalar_rgb"
OLDEST_LLVM = 17  # 15 and 16 abort, 14 is refused
TRIED_LIBRARIES = 2
PROBE_S = 20.0

FOLDERS = (
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/usr/lib/*-linux-gnu",
    "/usr/lib/llvm-*/lib",
    "/usr/lib64/llvm*/lib",
    "/opt/homebrew/opt/llvm*/lib",
    "/usr/local/opt/llvm*/lib",
)

PROBE = """
import mitsuba
mitsuba.set_variant("llvm_ad_rgb")
import drjit
drjit.set_thread_count(1)
scene = mitsuba.load_dict({
    "type": "scene", "integrator": {"type": "direct"}, "shape": {"type": "sphere", "bsdf": {"type": "principled"}},
    "light": {"type": "constant"},
    "sensor": {"type": "perspective", "film": {"type": "hdrfilm", "width": 4, "height": 4}},
})
print("drawn" if float(mitsuba.render(scene, spp=1).array[0]) >= 0.0 else "not drawn")
"""


@cache
def load_mitsuba() -> tuple[ModuleType, str]:
    """Load Mitsuba with the variant that works here, and name the variant; no warnings, one thread per process.

    The environment variable SPATIALVLM_ROOMS_VARIANT forces one of the two. Raises UserError where Mitsuba is missing
    or the forced variant is unknown or does not work.
    """
    if importlib.util.find_spec("mitsuba") is None:
        raise UserError("rooms are drawn by Mitsuba 3, which is not installed; pip install 'spatialvlm[rooms]'")
    variant = choose_variant()
    drjit, mitsuba = importlib.import_module("drjit"), importlib.import_module("mitsuba")
    drjit.set_log_level(drjit.LogLevel.Error)  # warnings would go straight to the user's terminal
    mitsuba.set_variant(variant)
    mitsuba.set_log_level(mitsuba.LogLevel.Error)
    drjit.set_thread_count(1)  # the workers are the parallelism
    return mitsuba, variant


def to_buffer(values: np.ndarray, kind: type[np.float32] | type[np.uint32]) -> Any:
    """Write numbers as the buffers of Mitsuba's meshes take them: flat."""
    mitsuba, variant = load_mitsuba()
    flat = np.ascontiguousarray(values, dtype=kind).ravel()
    if variant == SCALAR:
        return flat
    return mitsuba.Float(flat) if kind is np.float32 else mitsuba.UInt32(flat)


def choose_variant() -> str:
    """Take the forced variant, or LLVM where one of the machine's libraries draws, else scalar; tell children."""
    forced = os.environ.get(VARIABLE)
    if forced not in (None, LLVM, SCALAR):
        raise UserError(f"{VARIABLE}={forced!r}: expected {LLVM} or {SCALAR}, or leave it unset")
    tried = os.environ.get(TRIED_VARIABLE)
    if forced == SCALAR or (tried in (LLVM, SCALAR) and forced in (None, tried)):
        return forced or str(tried)
    library = next((path for path in llvm_libraries()[:TRIED_LIBRARIES] if draws_with(path)), None)
    if library is None and forced == LLVM:
        raise UserError(
            f"{VARIABLE}={LLVM}: no LLVM library of this machine works; install LLVM {OLDEST_LLVM} or newer (on "
            f"Debian: apt install libllvm19), or set {LIBRARY_VARIABLE} to its file, or {VARIABLE}={SCALAR}"
        )
    if library is not None:
        os.environ[LIBRARY_VARIABLE] = library
    os.environ[TRIED_VARIABLE] = SCALAR if library is None else LLVM
    return os.environ[TRIED_VARIABLE]


def llvm_libraries() -> list[str]:
    """List the files that may be a fit LLVM library: the one that DrJit is told of, else those found, newest first."""
    told = os.environ.get(LIBRARY_VARIABLE)
    if told:
        return [told]
    folders = (*FOLDERS, f"{sys.prefix}/lib", f"{os.environ.get('CONDA_PREFIX', sys.prefix)}/lib")
    found: dict[Path, int] = {}
    for folder in folders:
        for path in Path("/").glob(f"{folder.lstrip('/')}/libLLVM*"):
            version = _version_of(path)
            if version >= OLDEST_LLVM:
                found.setdefault(path.resolve(), version)
    return [str(path) for path in sorted(found, key=lambda path: (-found[path], str(path)))]


def _version_of(library: Path) -> int:
    """Read the major version from libLLVM.so.19.1, libLLVM-18.so.1, libLLVM.dylib in llvm@19; 0 where none is named."""
    for name in (library.resolve().name, library.name, str(library.parent)):
        numbers = re.findall(r"(?:LLVM[-.]|\.so\.|llvm[-@])(\d+)", name)
        if numbers:
            return int(numbers[0])
    return 0


def draws_with(library: str) -> bool:
    """Try whether Mitsuba draws a tiny scene with this LLVM library, in a process that may crash."""
    environment = {**os.environ, LIBRARY_VARIABLE: library}
    try:
        done = subprocess.run(
            [sys.executable, "-c", PROBE], env=environment, capture_output=True, timeout=PROBE_S, check=False
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0 and done.stdout.strip() == b"drawn"
