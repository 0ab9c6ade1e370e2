"""
First product
=============

A frame with missing telemetry blocks becomes a Level 1 product.
"""

import matplotlib.pyplot as plt

import corinpaint
from corinpaint.lasco.level1.product import Flag
from corinpaint.lasco.pictures.colour_tables import colour_table
from corinpaint.lasco.pictures.outlines import outlines
from corinpaint.lasco.pictures.stretch import scale
from corinpaint.lasco.simulation.scene import simulate

# %%
# A simulated exposure stands for a file here; of a real one, give the path: ``corinpaint.restore("32082037.fts.gz")``.
simulation = simulate(20, missing=9, cme=True, date="2003-05-01T10:00:00")
restored = corinpaint.restore(simulation.frame)
print(restored)

# %%
# The product has the brightness, flags for every pixel, and 1 sigma uncertainty. HISTORY says what became of each zone
# of missing blocks.
product = restored.level1
print(product)
print(f"{(product.mask & Flag.FILLED > 0).sum()} pixels filled, {(product.mask & Flag.REFUSED > 0).sum()} refused")
for zone in restored.zones:
    print(zone, f"sum {zone.total:.3g} +- {zone.total_error:.1g} MSB px" if zone.total else "")

# %%
# Before, with the blocks missing, and after. The outlines are those of the filled pixels.
before = corinpaint.restore(simulation.frame, fill="none").level1
figure, panels = plt.subplots(1, 2, figsize=(11, 5.4), layout="constrained", sharex=True, sharey=True)
limits = scale(product.data, product.header, "log").limits
for panel, data, title in zip(panels, (before.data, product.data), ("without a fill", "filled"), strict=True):
    values = scale(data, product.header, "log", limits).values
    drawn = panel.imshow(values, colour_table("C3"), origin="lower", vmin=limits[0], vmax=limits[1])
    panel.set(title=title, xlabel="column (px)", ylabel="row (px)", facecolor="0.6")
    panel.label_outer()
for polygon in outlines(product.mask & Flag.FILLED > 0):
    panels[1].fill(*polygon.T, fill=False, edgecolor="tab:cyan", linewidth=0.8)
figure.colorbar(drawn, ax=panels, label="log10 of the brightness (MSB)", shrink=0.85)
plt.show()
