"""
Own weights
===========

The network of your own training takes the place of the shipped one. ``corinpaint train`` makes a ``.safetensors`` file;
here an untrained network stands for it, which fills with its smooth prior alone.
"""

import tempfile
from dataclasses import replace
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import corinpaint
from corinpaint.lasco.level1.product import Flag
from corinpaint.lasco.simulation.scene import simulate
from corinpaint.model.checkpoint import save_checkpoint
from corinpaint.model.log_polar import LogPolarConfig, LogPolarStack
from corinpaint.restore import load

# %%
# Weights describe themselves, so a file is all that is needed: a checkpoint runs on torch, its ONNX export on
# onnxruntime. On the command line it is ``--model FILE``.
folder = tempfile.TemporaryDirectory()
path = Path(folder.name) / "own.safetensors"
save_checkpoint(path, LogPolarStack(LogPolarConfig()))
own, shipped = load(path), load()
print(own.info)

# %%
# Both fill the same holes. A product says which weights filled it.
simulation = simulate(13, missing=16, cme=True, date="2003-05-01T10:00:00")
products = {
    name: corinpaint.restore(simulation.frame, inpainter=engine).level1
    for name, engine in (("shipped weights", shipped), ("own weights", own))
}
for name, product in products.items():
    print(f"{name}: WEIGHTS = {product.header['WEIGHTS'][:12]}")

# %%
# How far the fills are from the complete exposure, in units of their own uncertainty. On real frames ``corinpaint
# benchmark`` compares weights.
truth = corinpaint.restore(replace(simulation.frame, data=simulation.complete)).level1
figure, panel = plt.subplots(figsize=(7, 4), layout="constrained")
bins = np.linspace(-5, 5, 61).tolist()
for name, product in products.items():
    holes = product.mask & Flag.FILLED > 0
    error = ((product.data - truth.data) / product.noise)[holes]
    print(f"{name}: median of |error| / sigma {np.median(np.abs(error)):.2f}; 0.67 is that of normal errors")
    panel.hist(error, bins, histtype="step", label=name)
panel.set(xlabel="(fill - truth) / sigma", ylabel="pixels")
panel.legend()
folder.cleanup()
plt.show()
