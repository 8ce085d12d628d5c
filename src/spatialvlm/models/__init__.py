"""models: how models run here.

    weights   a hub id or a path -> files on this machine, and which version they are
    runtime   the device, the precision, batches that shrink when memory runs out
    torch     models and processors of transformers
    onnx      sessions of onnxruntime
    vlm/      vision-language models: images and a question -> an answer

The core needs neither torch nor onnxruntime: each is imported when it is first needed.
"""

from spatialvlm.models.onnx import load_session, onnx_file, run_session
from spatialvlm.models.runtime import Batches, Runtime
from spatialvlm.models.torch import (
    import_torch,
    import_transformers,
    load_model,
    load_processor,
    torch_device,
    torch_dtype,
)
from spatialvlm.models.vlm import (
    MAX_NEW_TOKENS,
    VLMS,
    Ask,
    ChatServer,
    LookingVlm,
    ScoringVlm,
    SplitReply,
    Vlm,
    VlmReply,
    count_of,
    load_vlm,
    replies_or_errors,
    runs_in_numpy,
    split_thinking,
    vlm_backend,
)
from spatialvlm.models.weights import NANO, Located, Model, WeightFiles, locate, packaged_model, parse_model

__all__ = [
    "MAX_NEW_TOKENS",
    "NANO",
    "VLMS",
    "Ask",
    "Batches",
    "ChatServer",
    "Located",
    "LookingVlm",
    "Model",
    "Runtime",
    "ScoringVlm",
    "SplitReply",
    "Vlm",
    "VlmReply",
    "WeightFiles",
    "count_of",
    "import_torch",
    "import_transformers",
    "load_model",
    "load_processor",
    "load_session",
    "load_vlm",
    "locate",
    "onnx_file",
    "packaged_model",
    "parse_model",
    "replies_or_errors",
    "run_session",
    "runs_in_numpy",
    "split_thinking",
    "torch_device",
    "torch_dtype",
    "vlm_backend",
]
