"""The settings of detect, the names of the detectors and what they look for by default."""

from dataclasses import dataclass

from spatialvlm.errors import UserError
from spatialvlm.models import Model

BY_MODELS = ("grounded", "concepts", "regions", "boxes")
DETECTORS = ("auto", "given", "clusters", *BY_MODELS)

PROMPTS = (
    "chair", "armchair", "sofa", "stool", "bench", "table", "desk", "bed", "nightstand", "cabinet", "dresser",
    "wardrobe", "bookshelf", "shelf", "lamp", "television", "monitor", "laptop", "keyboard", "computer mouse",
    "phone", "printer", "speaker", "clock", "mirror", "picture", "refrigerator", "oven", "stove", "microwave",
    "dishwasher", "washing machine", "sink", "toilet", "faucet", "bottle", "wine glass", "cup", "mug", "bowl",
    "plate", "pot", "pan", "kettle", "jar", "can", "toaster", "coffee machine", "cutting board", "knife", "fork",
    "spoon", "tray", "basket", "box", "bag", "backpack", "handbag", "suitcase", "hat", "shoe", "book", "vase",
    "plant", "flower pot", "pillow", "towel", "toy", "teddy bear", "ball", "guitar", "trash can", "bucket", "ladder",
    "fire extinguisher", "apple", "banana", "orange", "bread", "cake", "pizza", "sandwich", "person", "dog", "cat",
    "bird", "car", "truck", "bus", "bicycle", "motorcycle", "boat", "train", "traffic light", "traffic sign",
    "fire hydrant", "street lamp", "mailbox", "tree", "cart", "forklift", "pallet", "barrel", "cone",
)  # fmt: skip
"""Objects with an extent of their own, indoors and outdoors: no walls, skies or floors, which have no size; no parts
of objects."""


@dataclass(frozen=True, slots=True)
class DetectConfig:
    """How objects are found.

    `detector`: "given" annotations; "clusters" of depth; "auto": given ones, else clusters; "grounded": boxes of what
    `prompts` name by an open-vocabulary model, cut out by a mask model; "concepts": boxes and masks of the prompts in
    one (SAM 3); "regions": class-agnostic regions with captions, cut out by a mask model, closest to the paper;
    "boxes": boxes of the model's own classes (YOLOX).
    `detect`, `segment`, `caption`: the models that find boxes, make a mask in each and, where there is one, name each
    in 1 to 6 words. Without `segment`, masks come from GrabCut.
    What is found twice, tiny, or nearly the whole image is left out; see `models.nms`: `score_threshold` of a box; of
    two whose boxes or masks overlap by more than `iou_threshold` the better one stays; of two of one name also where
    more than `containment_threshold` of the smaller mask lies in the other; `min_area` and `max_area` are shares of
    the image's pixels; `max_objects` of an image stay.
    Raises UserError for a detector that is unknown or lacks a model, and for no prompts.
    """

    detector: str = "auto"
    detect: Model | None = None
    segment: Model | None = None
    caption: Model | None = None
    prompts: tuple[str, ...] = PROMPTS
    score_threshold: float = 0.3
    iou_threshold: float = 0.6
    containment_threshold: float = 0.85
    min_area: float = 0.0008
    max_area: float = 0.6
    max_objects: int = 20

    def __post_init__(self) -> None:
        if self.detector not in DETECTORS:
            raise UserError(f"detector {self.detector!r}: unknown; choose one of {', '.join(DETECTORS)}")
        if self.detector in BY_MODELS and self.detect is None:
            raise UserError(f"detector {self.detector!r}: needs --model detect=BACKEND:WEIGHTS, or a --recipe with one")
        if not self.prompts:
            raise UserError(f"detector {self.detector!r}: needs at least one prompt, a noun such as 'chair'")
