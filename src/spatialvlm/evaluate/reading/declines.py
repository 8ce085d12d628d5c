"""Whether an answer declines to answer: "I can't tell from the image", "As an AI ...", "N/A"."""

import re

_DECLINES = re.compile(
    r"""\b(?:
        (?:can(?:\s?not|'t)|could(?:\s+not|n't)|not\s+able|unable|not\s+possible|impossible|no\s+way|difficult|hard
          |won't|will\s+not|refuse)\b[^.!?\n]{0,60}?\b(?:determin|tell|measur|estimat|answer|provid|assist|guess|help|count
          |judg
          |calculat|asses|infer|comput|giv|say|see|view|analy|know|specif|identif
          |be\s+(?:told|known|determined|measured))
      | (?:can(?:\s?not|'t))\s+be\s+(?:\w+ly\s+)?(?:told|known|determined|measured|estimated|answered|inferred)
      | i\s+(?:do\s+not|don't)\s+(?:know|have\s+(?:enough|sufficient|access|the\s+ability))
      | (?:not|n't)\s+(?:provide|show|give|contain|offer)\w*\s+(?:\w+\s+)?(?:enough|sufficient)
      | (?:not|in)\s?(?:enough|sufficient)\s+(?:information|context|data|detail)
      | as\s+an?\s+(?:ai|large\s+language|language\s+model)
      | (?:could|can)\s+you\s+(?:please\s+)?(?:provide|share|upload|specify|clarify)
      | i(?:'m|\s+am)\s+sorry | sorry,
      | (?:cannot|can't)\s+(?:be\s+)?(?:tell|told)
      | no\s+(?:answer|reference|scale)\b[^.!?\n]{0,30}?(?:available|possible|given|provided)
    ) | ^\s*(?:n\s?/\s?a|unknown|unclear|undetermined|indeterminate|not\s+sure|unsure|none|unanswerable)\W*$""",
    re.IGNORECASE | re.VERBOSE,
)


def declines(text: str) -> bool:
    """Whether a plain text declines to answer; only asked where no answer can be read in it."""
    return _DECLINES.search(text) is not None
