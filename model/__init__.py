"""Room of the network: partial convolution, one UNet, the L-layer stack, checkpoints and shipped weights.

Importing the package imports no torch; `corinpaint.model.metadata` reads a checkpoint's description without it.
"""
