"""
The mass of a CME with the uncertainty of the hole
==================================================

Electrons scatter the light of the sun, so the brightness that a CME adds gives its mass. Where blocks are missing, the
mass has the uncertainty of the fill.
"""

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np

import corinpaint
from corinpaint.lasco.electrons.mass import grams_per_brightness, mass
from corinpaint.lasco.electrons.regions import sector
from corinpaint.lasco.electrons.thomson import scattered
from corinpaint.lasco.level1.product import Flag
from corinpaint.lasco.pictures.outlines import outlines
from corinpaint.lasco.simulation.scene import simulate_sequence

# %%
# An exposure from before the CME, and one with it, in which blocks are missing.
missing = np.zeros((32, 32), dtype=bool)
missing[23, 23] = missing[19, 24] = missing[20:22, 20] = True
before, during = simulate_sequence(20, [None, 18.0], missing=[0, missing])
base, product = (corinpaint.restore(one.frame).level1 for one in (before, during))

# %%
# The region of the CME: a sector by distance (solar radii) and position angle (degrees, counter-clockwise from north).
region = sector(product.header, product.data.shape, distances=(4.5, 21), angles=(275, 355))
found = mass(product, base, region)
print(f"mass        {found.grams:.3e} g")
print(f"error       {found.error:.1e} g: noise {found.noise_error:.1e}, fills {found.fill_error:.1e}, ", end="")
print(f"calibration {found.calibration_error:.1e}")
print(f"fills at most {found.fill_limit:.1e} g, if the errors of each hole were wholly alike")
print(f"pixels      {found.pixels}, {found.filled} of them filled, {found.without_value} without a value")

# %%
# The simulator knows what was there. A CME is brighter and sharper than the corona in which the errors of fills were
# measured, so a hole in it is often off by more than the error. The limit is the safe choice there.
truth = mass(corinpaint.restore(replace(during.frame, data=during.complete)).level1, base, region)
lost = mass(corinpaint.restore(during.frame, fill="none").level1, base, region)
print(f"complete    {truth.grams:.3e} g")
print(f"without a fill {lost.grams:.3e} g: {lost.without_value} pixels have no value")

# %%
# The angle from the plane of the sky is not known from one view. An electron out of the plane is fainter, so the mass
# for the angle 0 is the least. These are the conventions of SolarSoft's ``eltheory`` and of WOMBAT.
angles = np.linspace(0, 80, 41)
figure, (picture, curve) = plt.subplots(1, 2, figsize=(11, 4.6), layout="constrained", width_ratios=(1.15, 1))
grams = (product.data - base.data) * grams_per_brightness(product.header, product.data.shape)
limit = np.nanpercentile(np.abs(grams[region]), 99)
drawn = picture.imshow(grams, "RdBu_r", origin="lower", vmin=-limit, vmax=limit)
for where, colour in ((region, "black"), (product.mask & Flag.FILLED > 0, "tab:green")):
    for polygon in outlines(where):
        picture.fill(*polygon.T, fill=False, edgecolor=colour, linewidth=0.8)
picture.set(title="mass in each pixel; black: region, green: filled", xlim=(450, 950), ylim=(450, 950))
picture.set(xlabel="column (px)", ylabel="row (px)")
figure.colorbar(drawn, ax=picture, label="g")
for impact in (3.0, 10.0, 25.0):
    share = [float(scattered(impact, angle).total / scattered(impact).total) for angle in angles]
    curve.plot(angles, share, label=f"{impact:g} solar radii")
curve.set(xlabel="angle from the plane of the sky (degrees)", ylabel="brightness over that in the plane")
curve.legend()
plt.show()
