"""Metric 3D spatial question-answer data from images, with error bars and evidence.

    import spatialvlm as sv

    sv.build("frames/", "dataset/")              the whole pipeline, as the command `spatialvlm build` runs it
    frame = sv.collect("frames/")[0]             or stage by stage
    scene = sv.lift(frame).scene
    facts = sv.measure(scene)
    questions = sv.phrase(scene, facts, seed=0).questions
    dataset = sv.read("dataset/")
    for scene in sv.SceneQuestions("dataset/", epoch=3):         other questions about what is stored, for training
        ...

Importing this costs next to nothing: what a name needs is imported when it is first used.
"""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

__all__ = [
    "PhraseConfig",
    "SceneQuestions",
    "__version__",
    "ask",
    "build",
    "collect",
    "detect",
    "export",
    "lift",
    "measure",
    "phrase",
    "read",
]

if TYPE_CHECKING:
    from spatialvlm.library import (
        PhraseConfig,
        SceneQuestions,
        ask,
        build,
        collect,
        detect,
        export,
        lift,
        measure,
        phrase,
        read,
    )


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'spatialvlm' has no attribute {name!r}; it offers {', '.join(__all__)}")
    from spatialvlm import library

    return getattr(library, name)
