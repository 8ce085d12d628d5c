"""The nouns that flow through the pipeline: Sample Camera Frame Instance Object Scene Fact QA Score Drop.

    collect -> Frame -> cull -> detect -> estimate -> Frame -> lift -> Scene -> measure -> Facts -> phrase -> QA

A Sample carries them all, for one image, from stage to stage.

SI units only. Suffixes name units (`_m`, `_rad`, `_px`) and spaces (`_in_camera`, `_in_world`); `a_from_b` maps column
vectors of b to a. Camera: x right, y down, z forward. World: x right, y the viewer's heading, z up. Boxes are xyxy in
continuous pixels with pixel centres at .5. Records are frozen. Nothing here
computes, but for `Frame.of`, which checks what people hand over, and rows of Facts that become a Fact.
"""

from spatialvlm.records.frame_records import (
    Camera,
    DepthErrors,
    DepthSource,
    Frame,
    GravityEstimate,
    Instance,
    Rle,
    SequencePosition,
    Source,
    Verdict,
)
from spatialvlm.records.question_records import QA, Fact, FactKind, Facts, Family, Score
from spatialvlm.records.sample_records import Drop, Sample
from spatialvlm.records.scene_records import Box, LevelSurface, Object, Scene, SceneErrors, Support

__all__ = [
    "QA",
    "Box",
    "Camera",
    "DepthErrors",
    "DepthSource",
    "Drop",
    "Fact",
    "FactKind",
    "Facts",
    "Family",
    "Frame",
    "GravityEstimate",
    "Instance",
    "LevelSurface",
    "Object",
    "Rle",
    "Sample",
    "Scene",
    "SceneErrors",
    "Score",
    "SequencePosition",
    "Source",
    "Support",
    "Verdict",
]
