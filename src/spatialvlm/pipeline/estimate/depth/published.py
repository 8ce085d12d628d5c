"""What was published of the errors of depth models, and the 1-sigma errors that follow from it.

Bochkovskii et al., "Depth Pro" (https://arxiv.org/abs/2410.02073v2), appendix A.2, table 4, ran every model on the same
images, of datasets that none was trained on, and report two numbers of each that tell scale and shape apart:
Log10, the mean |log10(estimate / truth)|, has both errors; SI-Log, 100 times the standard deviation of ln(estimate /
truth) within an image, has only what one scale per image cannot mend.
"""

from math import log, pi, sqrt
from statistics import median

from spatialvlm.records import DepthErrors

SOURCE = "https://arxiv.org/abs/2410.02073v2, table 4 (Log10, SI-Log)"

DEPTHPRO = {
    "Booster": (0.118, 4.616),
    "ETH3D": (0.193, 10.170),
    "Middlebury": (0.089, 8.610),
    "SUN RGB-D": (0.049, 7.841),
    "nuScenes": (0.164, 29.548),
}
DEPTH_ANYTHING_V2_LARGE = {
    "Booster": (0.110, 7.056),
    "ETH3D": (0.173, 9.683),
    "Middlebury": (0.141, 9.639),
    "SUN RGB-D": (0.070, 8.390),
    "nuScenes": (0.326, 29.737),
}
ZOEDEPTH_NK = {
    "Booster": (0.195, 10.551),
    "ETH3D": (0.176, 13.250),
    "Middlebury": (0.115, 10.448),
    "SUN RGB-D": (0.053, 8.964),
    "nuScenes": (0.182, 31.501),
}
"""(Log10, SI-Log) by dataset. Sintel, the sixth, is an animated film and left out."""

ROAD = ("nuScenes",)
PHOTOS = ("Booster", "ETH3D", "Middlebury", "SUN RGB-D")


def zero_shot(rows: dict[str, tuple[float, float]], datasets: tuple[str, ...], model: str) -> DepthErrors:
    """Return the errors of a model on images unlike those it was trained on: medians over datasets.

    For a normal error, sigma is sqrt(pi / 2) = 1.25 times the mean absolute error: all of it together is
    1.25 ln(10) Log10, its local part is SI-Log / 100, and what is left of the square is that of the scale.
    """
    locals_ = [rows[name][1] / 100 for name in datasets]
    totals = [sqrt(pi / 2) * log(10) * rows[name][0] for name in datasets]
    scales = [sqrt(total**2 - local**2) for total, local in zip(totals, locals_, strict=True)]
    named = ", ".join(datasets)
    return DepthErrors(median(scales), median(locals_), source=f"{model} on {named}: {SOURCE}")
