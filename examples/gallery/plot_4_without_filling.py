"""
What happens without filling
============================

A missing block is not dark: it is unknown. The same measurement with zeros, with gaps, and with a fill.
"""

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np

import corinpaint
from corinpaint.lasco.electrons.regions import polar, sector
from corinpaint.lasco.simulation.scene import simulate_sequence

# %%
# A CME with missing blocks, and the exposure before it. ``fill="none"`` leaves missing blocks NaN and flagged.
missing = np.zeros((32, 32), dtype=bool)
missing[23, 23] = missing[19, 24] = missing[20:22, 20] = True
before, during = simulate_sequence(20, [None, 18.0], missing=[0, missing])
base = corinpaint.restore(before.frame).level1
filled, gaps = corinpaint.restore(during.frame).level1, corinpaint.restore(during.frame, fill="none").level1
truth = corinpaint.restore(replace(during.frame, data=during.complete)).level1
images = {
    "complete exposure": truth.data,
    "zeros in the holes": np.where(np.isfinite(gaps.data) | ~np.isfinite(truth.data), gaps.data, 0),
    "gaps (fill='none')": gaps.data,
    "filled": filled.data,
}

# %%
# The light that the CME adds in a sector. Zeros count as a loss of the whole corona there; gaps lose what was in them.
region = sector(filled.header, filled.data.shape, (4.5, 21), (275, 355))
for name, data in images.items():
    excess = float(np.nansum((data - base.data)[region], dtype=float))
    print(f"{name:20} {excess:9.3e} MSB px")

# %%
# The front of the CME along a profile: brightness over distance, averaged over six degrees of position angle.
distance, angle = polar(filled.header, filled.data.shape)
narrow, edges = np.abs(angle - 313) < 3, np.arange(4.5, 22, 0.2)
figure, (picture, profile) = plt.subplots(1, 2, figsize=(11, 4.6), layout="constrained", width_ratios=(1, 1.3))
picture.imshow((images["zeros in the holes"] - base.data) * 1e12, "gray", origin="lower", vmin=-30, vmax=30)
picture.set(
    title="difference with zeros in the holes",
    xlabel="column (px)",
    ylabel="row (px)",
    facecolor="0.5",
    xlim=(450, 950),
    ylim=(450, 950),
)
styles = {"complete exposure": "k-", "zeros in the holes": "C3:", "gaps (fill='none')": "C1--", "filled": "C0-"}
for name, data in images.items():
    added = (data - base.data)[narrow]
    place, good = np.digitize(distance[narrow], edges), np.isfinite(added)
    count = np.bincount(place[good], minlength=edges.size + 1)[1:-1]
    total = np.bincount(place[good], added[good], edges.size + 1)[1:-1]
    means = np.divide(total, count, where=count > 20, out=np.full(count.size, np.nan))
    profile.plot((edges[:-1] + edges[1:]) / 2, means * 1e12, styles[name], label=name)
profile.set(
    xlabel="distance from the sun's centre (solar radii)", ylabel="added brightness (1e-12 MSB)", ylim=(-40, 60)
)
profile.legend()
plt.show()
