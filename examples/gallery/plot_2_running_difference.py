"""
A CME in running difference
===========================

A difference shows what moves, and every flaw of a fill. Of two exposures the later one lacks blocks in the CME.
"""

import tempfile

import matplotlib.pyplot as plt
import numpy as np

import corinpaint
from corinpaint.lasco.level1.differences import subtract
from corinpaint.lasco.level1.product import Flag, read_level1
from corinpaint.lasco.pictures.outlines import outlines
from corinpaint.lasco.pictures.stretch import scale
from corinpaint.lasco.simulation.scene import simulate_sequence

# %%
# One corona through which one CME moves. Four blocks of the later exposure are missing in it.
missing = np.zeros((32, 32), dtype=bool)
missing[23, 23] = missing[19, 24] = missing[20:22, 20] = True
earlier, later = simulate_sequence(20, [14.0, 18.0], missing=[0, missing])

# %%
# Both products are written and read again, as in an archive; ``corinpaint background --subtract running`` makes the
# difference of files in the same way.
with tempfile.TemporaryDirectory() as folder:
    first, second = (read_level1(corinpaint.restore(one.frame).level1.write(folder)) for one in (earlier, later))
difference = subtract(second, first, "running", ("35000021.fits", "35000020.fits"))
print(difference)

# %%
# The left picture is without marks; the right one says where the filled blocks are. Where a hole hides a sharp
# front, the fill is smoother than the front was.
figure, panels = plt.subplots(1, 2, figsize=(11, 5.2), layout="constrained", sharex=True, sharey=True)
scaled = scale(difference.data, difference.header, "difference", (-15e-12, 15e-12))
for panel in panels:
    drawn = panel.imshow(
        scaled.values * 1e12, "gray", origin="lower", vmin=scaled.limits[0] * 1e12, vmax=scaled.limits[1] * 1e12
    )
    panel.set(xlabel="column (px)", ylabel="row (px)", facecolor="0.5", xlim=(450, 1000), ylim=(450, 1000))
    panel.label_outer()
for polygon in outlines(difference.mask & Flag.FILLED > 0):
    panels[1].fill(*polygon.T, fill=False, edgecolor="tab:cyan", linewidth=0.8)
panels[0].set_title("running difference")
panels[1].set_title("the same, filled pixels outlined")
figure.colorbar(drawn, ax=panels, label="difference of brightness (1e-12 MSB)", shrink=0.85)
plt.show()
