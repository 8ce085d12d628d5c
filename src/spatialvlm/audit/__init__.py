"""audit: rooms with exact truth -> how right the facts are, how honest their error bars, and what bad input costs.

    corrupt.py     exact frame -> the frame of a worse camera, model or annotator
    truth.py       exact geometry -> the true quantities, of what is seen and of the whole objects
    true_arrangements.py true_places.py viewed.py   those of several things, of places in the image, of the camera
    compare.py     facts + truth -> each asked fact with its truth
    tally.py       compared facts, added up -> the figures of a preset
    run.py         the rooms through all of it, in a few processes
    audit_page.py  audit.json -> audit.html
    result.py      `audit`: all of these
    terminal.py    the same with a progress bar and a table
    calibration.py frames with sensor depth, a depth model -> the errors of that model

`audit` writes audit.json and audit.html; docs/audit.md says what the figures mean.
"""

from spatialvlm.audit.calibration import calibrate, calibrate_to_file
from spatialvlm.audit.result import audit
from spatialvlm.audit.terminal import audit_with_progress

__all__ = ["audit", "audit_with_progress", "calibrate", "calibrate_to_file"]
