"""Where the parts of a vision-language model are, whatever its family: its vision tower, its language layers."""

from typing import Any

from spatialvlm.errors import UserError

_TOWERS = ("vision_model", "vision_tower", "visual", "vision_encoder", "image_encoder")
_HEADS = ("lm_head", "embed_out", "output_embedding")


def vision_tower(model: Any) -> tuple[str, Any]:
    """Find the part that sees: its name within the model and the module. Raises UserError where none is known."""
    for name, module in model.named_modules():
        if name.rpartition(".")[2] in _TOWERS:
            return name, module
    raise UserError(f"base of type {model.config.model_type!r}: has no vision tower called {', '.join(_TOWERS)}")


def language_layers(model: Any) -> list[Any]:
    """Find the layers of the language model, first to last. Raises UserError where they do not attend by q and k."""
    tower = vision_tower(model)[0]
    found: list[list[Any]] = []
    for name, module in model.named_modules():
        inside = name == tower or name.startswith(f"{tower}.")
        if not inside and type(module).__name__ == "ModuleList" and len(module):
            layers = list(module)
            if all(hasattr(getattr(layer, "self_attn", None), "q_proj") for layer in layers):
                found.append(layers)
    if not found:
        raise UserError(f"evidence: the layers of {model.config.model_type!r} have no self_attn.q_proj to teach")
    return max(found, key=len)


def linear_names(model: Any) -> list[str]:
    """List the linear layers beside the vision tower and the head: what adapters are put on."""
    tower = vision_tower(model)[0]
    return [
        name
        for name, module in model.named_modules()
        if type(module).__name__ == "Linear"
        and not name.startswith(f"{tower}.")
        and name.rpartition(".")[2] not in _HEADS
    ]


def image_token_id(config: Any) -> int:
    """Return the id of the token that stands for a part of an image. Raises UserError where the model has none."""
    found = getattr(config, "image_token_id", None)
    found = getattr(config, "image_token_index", None) if found is None else found
    if found is None:
        raise UserError(f"base of type {config.model_type!r}: has no image token; give a vision-language model")
    return int(found)


def set_vision(model: Any, *, frozen: bool) -> frozenset[str]:
    """Freeze the vision tower or let it learn; returns the names of its parameters that learn.

    Behind adapters only the copy that is trained is touched, since the original stays as it is.
    """
    tower = vision_tower(model)[0]
    inside = [(name, weight) for name, weight in model.named_parameters() if name.startswith(f"{tower}.")]
    copies = [(name, weight) for name, weight in inside if ".modules_to_save." in name]
    adapted = any("lora_" in name for name, _ in model.named_parameters())
    for _, weight in copies or ([] if adapted else inside):
        weight.requires_grad_(not frozen)
    return frozenset(name for name, weight in inside if weight.requires_grad)
