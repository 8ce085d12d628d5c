"""Tiny pictures are drawn soonest by the variant that compiles nothing."""

import os

os.environ.setdefault("SPATIALVLM_ROOMS_VARIANT", "scalar_rgb")
