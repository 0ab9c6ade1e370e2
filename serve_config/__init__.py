"""Configuration of TorchServe, which `corinpaint export mar` packs and `corinpaint serve` uses; it has no code."""
