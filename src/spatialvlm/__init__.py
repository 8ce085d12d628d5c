"""Metric 3D spatial question-answer data from images, with error bars and evidence.

    import spatialvlm as sv

    sv.build("frames/", "dataset/")                       the whole pipeline, as the command `spatialvlm build` runs it
    dataset = sv.read("dataset/")

    pipeline = sv.Pipeline("given")                       or from memory: models are loaded once
    sample = pipeline(image, depth_m=depth_m, camera=(fx, fy, cx, cy))
    sample.scene, sample.questions, sample.drops

    frame = sv.collect("frames/")[0].frame                or stage by stage
    scene = sv.lift(frame).scene
    facts = sv.measure(scene)
    questions = sv.phrase(scene, facts, seed=0).questions

    for scene in sv.SceneQuestions("dataset/", epoch=3):  other questions about what is stored, for training
        ...

    sv.score(questions[0], "about 1.2 m").value           another answer to a question, judged without the scene
    GRPOTrainer(model, sv.spatial_reward, ...)            the same of rows of data, in training

    sv.answer("desk.jpg", "How wide is the desk?", "model/", samples=8)       a model's answer, with its spread

Importing this costs next to nothing: what a name needs is imported when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "answers": (
        *(
            "Angle",
            "Answer",
            "Area",
            "BoundingBox",
            "CannotTell",
            "Choice",
            "Clock",
            "Count",
            "Length",
            "Order",
            "Region",
            "YesNo",
        ),
    ),
    "records": (
        *("Camera", "DepthErrors", "Drop", "Fact", "Facts", "Frame", "Instance", "Object", "QA", "Sample", "Scene"),
        *("Score", "Source"),
    ),
    "engine": ("Pipeline", "ask", "build"),
    "recipes": ("Recipe", "recipe_for"),
    "pipeline": ("Stage",),
    "pipeline.collect": ("collect",),
    "pipeline.detect": ("detect",),
    "pipeline.estimate": ("estimate",),
    "pipeline.lift": ("lift",),
    "pipeline.measure": ("measure",),
    "pipeline.phrase": ("PhraseConfig", "phrase"),
    "dataset": ("Dataset", "SceneQuestions", "export"),
    "chains": ("chains_of", "replay"),
    "evaluate": ("score", "spatial_reward"),
    "answering": ("answer",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names} | {"read": "dataset"}

__all__ = [
    "QA",
    "Angle",
    "Answer",
    "Area",
    "BoundingBox",
    "Camera",
    "CannotTell",
    "Choice",
    "Clock",
    "Count",
    "Dataset",
    "DepthErrors",
    "Drop",
    "Fact",
    "Facts",
    "Frame",
    "Instance",
    "Length",
    "Object",
    "Order",
    "PhraseConfig",
    "Pipeline",
    "Recipe",
    "Region",
    "Sample",
    "Scene",
    "SceneQuestions",
    "Score",
    "Source",
    "Stage",
    "YesNo",
    "__version__",
    "answer",
    "ask",
    "build",
    "chains_of",
    "collect",
    "detect",
    "estimate",
    "export",
    "lift",
    "measure",
    "phrase",
    "read",
    "recipe_for",
    "replay",
    "score",
    "spatial_reward",
]

if TYPE_CHECKING:
    from spatialvlm.answering import answer
    from spatialvlm.answers import (
        Angle,
        Answer,
        Area,
        BoundingBox,
        CannotTell,
        Choice,
        Clock,
        Count,
        Length,
        Order,
        Region,
        YesNo,
    )
    from spatialvlm.chains import chains_of, replay
    from spatialvlm.dataset import Dataset, SceneQuestions, export
    from spatialvlm.dataset import read_dataset as read
    from spatialvlm.engine import Pipeline, ask, build
    from spatialvlm.evaluate import score, spatial_reward
    from spatialvlm.pipeline import Stage
    from spatialvlm.pipeline.collect import collect
    from spatialvlm.pipeline.detect import detect
    from spatialvlm.pipeline.estimate import estimate
    from spatialvlm.pipeline.lift import lift
    from spatialvlm.pipeline.measure import measure
    from spatialvlm.pipeline.phrase import PhraseConfig, phrase
    from spatialvlm.recipes import Recipe, recipe_for
    from spatialvlm.records import (
        QA,
        Camera,
        DepthErrors,
        Drop,
        Fact,
        Facts,
        Frame,
        Instance,
        Object,
        Sample,
        Scene,
        Score,
        Source,
    )


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'spatialvlm' has no attribute {name!r}; it offers {', '.join(__all__)}")
    return getattr(import_module(f"spatialvlm.{_HOME_OF[name]}"), "read_dataset" if name == "read" else name)
