"""Metric 3D spatial question-answer data from images, with error bars and evidence."""

__version__ = "0.1.0"
