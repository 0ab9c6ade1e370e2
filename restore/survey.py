"""Temporary names."""

from corinpaint.lasco.photometry.detector import ObservedFrame as Surroundings
from corinpaint.lasco.photometry.detector import calibrate_on_detector as survey

__all__ = ["Surroundings", "survey"]
