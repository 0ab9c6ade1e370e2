"""Room of many frames: acquire, plan, run, resume, watch. Pixels are made by `corinpaint.restore` alone."""
