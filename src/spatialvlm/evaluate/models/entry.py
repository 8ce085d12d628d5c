"""What inspect_ai loads by the entry point of this package: our tasks, our solvers, our provider."""

from spatialvlm.evaluate.models.inspect_tasks import (
    blink_spatial,
    cv_bench,
    embspatial,
    folder,
    geometry,
    prior,
    qspatial,
    robospatial_home,
    rooms,
    spatialmqa,
    spatialrgpt_bench,
    threedsr_bench,
    vsi_bench,
    vsr,
)
from spatialvlm.evaluate.models.provider import provider

__all__ = [
    "blink_spatial",
    "cv_bench",
    "embspatial",
    "folder",
    "geometry",
    "prior",
    "provider",
    "qspatial",
    "robospatial_home",
    "rooms",
    "spatialmqa",
    "spatialrgpt_bench",
    "threedsr_bench",
    "vsi_bench",
    "vsr",
]
