"""
onnxruntime alone
=================

In a pipeline of your own the network needs neither CorInpaint nor torch: ``docs/pipeline.py`` fills the holes of an
image with numpy and onnxruntime. CorInpaint only makes the image here, and shows that its own fill is the same.
"""

import importlib
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import onnxruntime

import corinpaint
from corinpaint.lasco.level1.product import Flag
from corinpaint.lasco.nominal import pixel_response
from corinpaint.lasco.options import parse
from corinpaint.lasco.simulation.scene import simulate
from corinpaint.restore.engines.onnx import default_onnx

# %%
# The script, as a module; and a calibrated image on the grid of the detector, where holes are whole blocks.
here = Path.cwd()
root = next(folder for folder in (here, *here.parents) if (folder / "pyproject.toml").is_file())
sys.path.insert(0, str(root / "docs"))
pipeline = importlib.import_module("pipeline")

missing = np.zeros((32, 32), dtype=bool)
missing[20:22, 22:24] = missing[24, 9] = True
simulation = simulate(13, missing=missing, cme=True, date="2003-05-01T10:00:00")
options = parse(["no-warp", "no-roll"])
given = corinpaint.calibrate(simulation.frame, options=options)
wanted = (given.mask & Flag.REFUSED > 0) & (given.mask & Flag.OCCULTED == 0)

# %%
# What the network needs: the image, its noise, which pixels are wanted, the sun's centre (column, row) from 0, and the
# response of the pixels.
session = onnxruntime.InferenceSession(default_onnx(), providers=["CPUExecutionProvider"])
centre = given.header["CRPIX1"] - 1, given.header["CRPIX2"] - 1
saturated, response = given.mask & Flag.SATURATED > 0, pixel_response.load("C3")
image, sigma, filled = pipeline.fill(session, given.data, given.noise, wanted, saturated, centre, response)
print(f"{filled.sum()} of {wanted.sum()} pixels filled")

# %%
# The same as by ``corinpaint.restore``, which refuses zones besides: differences in units of the fill's own sigma.
same = corinpaint.restore(simulation.frame, options=options).level1
both = filled & (same.mask & Flag.FILLED > 0)
difference = (image - same.data)[both] / same.noise[both]
print(f"{both.sum()} pixels filled by both; largest difference {np.abs(difference).max():.3f} sigma")

# %%
# One of the holes, before and after.
place = np.s_[560:784, 624:848]
figure, panels = plt.subplots(1, 2, figsize=(10, 4.6), layout="constrained", sharex=True, sharey=True)
for panel, data, title in zip(panels, (given.data, image), ("given", "filled"), strict=True):
    panel.imshow(np.log10(data[place]), "bone", origin="lower", vmin=-10.4, vmax=-9.5)
    panel.set(title=title, facecolor="tab:red", xlabel="column (px)", ylabel="row (px)")
    panel.label_outer()
plt.show()
