"""What the paper reports of SpatialVLM and of GPT-4V, to stand beside a run.

Source: arXiv 2401.12168, table 1 (331 comparisons, judged by people), table 2 (215 numbers) and table 4. The questions
were never released, so no run answers the same ones.
"""

from collections.abc import Mapping
from types import MappingProxyType

ASKED = "331 + 215"
"""Its questions: comparisons, and lengths."""

PUBLISHED: Mapping[str, Mapping[str, float | None]] = MappingProxyType(
    {
        "SpatialVLM": {
            "qualitative": 0.752,
            "output_number": 0.990,
            "in_50_200": 0.372,
            "in_66_150": 0.107,
            "in_90_110": 0.084,
        },
        "GPT-4V": {
            "qualitative": 0.680,
            "output_number": 0.010,
            "in_50_200": 0.0,
            "in_66_150": None,
            "in_90_110": None,
        },
    }
)
"""Shares by model, under the names of `measures.PAPER`, and `qualitative`; None where the paper has none."""

NOTE = (
    "The paper's questions, chosen and answered by people, were never released: its rows are of other questions than "
    "these, and no more than a scale to read the others by. There people judged the comparisons."
)
