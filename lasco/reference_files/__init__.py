"""The official calibration files: catalogue, locating, validation, lock file, fetching and importing."""
