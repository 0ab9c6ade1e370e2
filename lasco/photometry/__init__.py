"""Photometric calibration on the detector grid: bias, exposure, vignetting, stray light and noise."""
