"""Every exception this package raises on purpose.

    SpatialError                 catch this to catch all of them
    ├── UserError                bad input, a missing extra or weights: printed without a traceback, with the fix
    │   ├── DatasetError         a dataset on disk is damaged, foreign or made with other settings
    │   └── ContextError         what a model was to read is longer than it can
    ├── ContractError            a backend broke its promise (wrong shape, dtype, range): a bug, traceback kept
    └── ModelError               a model failed while running

Expected rejections (a frame without depth, a mask without points) are no exceptions but `Drop` records, counted.
A message says what, which id, got, expected, and the next step.
"""


class SpatialError(Exception):
    """Base of every exception this package raises on purpose."""


class UserError(SpatialError):
    """The input or the installation is wrong and the message says how to put it right."""


class DatasetError(UserError):
    """A dataset folder is damaged, belongs to something else, or was made with other settings."""


class ContextError(UserError):
    """What a model was to read is longer than it can."""


class ContractError(SpatialError):
    """A stage backend returned something that its Protocol forbids."""


class ModelError(SpatialError):
    """A model failed while running."""
