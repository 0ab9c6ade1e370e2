"""TorchServe's configuration, which `corinpaint export mar` packs and `corinpaint serve` runs; no code."""
