"""The official calibration files: catalogue, search, validation, manifest, fetching and importing."""
