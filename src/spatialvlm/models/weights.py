"""Weights of models: named by a hub id or a local path, found on this machine, told apart by a version.

    model = parse_model("depthpro:apple/DepthPro-hf@a1b2c3")
    located = locate(model)         where its files are and which version they have; downloads what the hub has

Nothing here loads a model or imports a framework.
"""

import hashlib
import json
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Literal

from spatialvlm.errors import UserError

OTHER_FORMATS = ["*.h5", "*.msgpack", "*.pt", "*.onnx", "*.tflite", "*.ot", "coreml/*", "openvino/*"]
"""The same weights again, for other frameworks than transformers."""
WeightFiles = Literal["transformers", "own", "elsewhere"]
"""What a backend loads: files for transformers; files of a format of its own; nothing that `locate` could find, since
its weights are at an endpoint, or in a package or a clone of their own. Each backend says so in its class: `files`."""
NANO = "nano"
"""The small vision-language model of the package, and the folder in it."""
FILE_ENDINGS = (".onnx", ".pt", ".pth", ".safetensors")


@dataclass(frozen=True, slots=True)
class Model:
    """A model to run: the backend that knows how, and its weights, a hub id or a local file or folder.

    `revision` pins a hub id to a branch, a tag or a commit; without it the hub's "main" is taken. What was loaded is
    recorded as a commit, or for local files as a hash.
    """

    backend: str
    weights: str
    revision: str | None = None

    def __str__(self) -> str:
        revision = f"@{self.revision}" if self.revision else ""
        return f"{self.backend}:{self.weights}{revision}"


@dataclass(frozen=True, slots=True)
class Located:
    """Weights on this machine: their path, the name that people know, and the version that was found."""

    path: Path
    name: str
    version: str


def packaged_model() -> Model:
    """Find nano, the small vision-language model of the package. Raises UserError where it comes without."""
    folder = Path(str(files("spatialvlm"))) / NANO
    if not (folder / "config.json").is_file():
        raise UserError(f"model {NANO!r}: is not installed with this package; install it whole, or give another model")
    return Model("idefics3", str(folder))


def parse_model(text: str) -> Model:
    """Parse a model from what people type: BACKEND:WEIGHTS or BACKEND:WEIGHTS@REVISION; `nano` is the package's own.

    Raises UserError where there is no backend or no weights.
    """
    if text == NANO:
        return packaged_model()
    backend, colon, weights = text.partition(":")
    if not (backend and colon and weights):
        raise UserError(
            f"model {text!r}: expected BACKEND:WEIGHTS[@REVISION], as in depthpro:apple/DepthPro-hf or "
            "yolox:models/yolox_s.onnx"
        )
    if "@" in weights and not Path(weights).exists():
        weights, _, revision = weights.rpartition("@")
        return Model(backend, weights, revision)
    return Model(backend, weights)


def locate(model: Model, files: WeightFiles = "transformers") -> Located:
    """Find a model's weights here, or download them from the hub.

    A path that exists is taken as it is; anything else must be a hub id, of which `files` says
    what is downloaded. Raises UserError where there are no such
    weights, with the command that gets them.
    """
    path = Path(model.weights).expanduser()
    if path.exists():
        return Located(path, path.name, _hash_of(path))
    is_path = path.is_absolute() or model.weights.startswith((".", "~")) or path.suffix in FILE_ENDINGS
    if is_path or model.weights.count("/") != 1:
        raise UserError(
            f"weights {model.weights!r} of {model.backend}: no such file or folder here, and no hub id either; "
            "docs/recipes.md says where to get weights"
        )
    return _from_hub(model, files)


def is_commit(revision: str | None) -> bool:
    """Tell whether a revision is a whole commit, 40 hexadecimal digits, and no branch or tag, which move."""
    return revision is not None and len(revision) == 40 and all(digit in "0123456789abcdef" for digit in revision)


def _from_hub(model: Model, files: WeightFiles) -> Located:
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError
    except ImportError:
        raise UserError(
            f"weights {model.weights!r} of {model.backend}: are on the hub, which needs the extra 'hf': "
            "pip install 'spatialvlm[hf]'"
        ) from None
    pin = f" --revision {model.revision}" if model.revision else ""
    fix = f"get them where there is a network: hf download {model.weights}{pin}, or give a local folder"
    others = OTHER_FORMATS if files == "transformers" else None
    ask = partial(snapshot_download, model.weights, revision=model.revision, ignore_patterns=others)
    try:
        try:  # a commit never changes: where it is here, the hub need not be asked
            found = Path(ask(local_files_only=is_commit(model.revision)))
        except LocalEntryNotFoundError:
            found = Path(ask())
    except LocalEntryNotFoundError:
        raise UserError(
            f"weights {model.weights!r} of {model.backend}: not on this machine, and the hub cannot be reached; {fix}"
        ) from None
    except (HfHubHTTPError, OSError) as error:
        first = str(error).strip().splitlines()[0]
        raise UserError(f"weights {model.weights!r} of {model.backend}: cannot be had ({first}); {fix}") from None
    return Located(found, model.weights, found.name)


def _hash_of(path: Path) -> str:
    """Hash local files as a version: of small files the content, of weights the size and both ends."""
    if path.is_file():  # what stands beside it and says how it is used decides as much
        files = [file for file in (path, path.with_suffix(".json"), Path(f"{path}.data")) if file.is_file()]
    else:
        files = sorted(file for file in path.rglob("*") if file.is_file())
    digest = hashlib.sha256()
    for file in files:
        size = file.stat().st_size
        digest.update(json.dumps([file.relative_to(path.parent).as_posix(), size]).encode())
        with file.open("rb") as stream:
            digest.update(stream.read(1 << 20))
            if size > 1 << 20:
                stream.seek(-(1 << 20), 2)
                digest.update(stream.read())
    return f"sha256:{digest.hexdigest()[:16]}"
