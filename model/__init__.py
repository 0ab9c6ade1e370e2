"""The neural networks: partial convolution, the UNet, stacks of L layers, checkpoints and the shipped weights.

Importing the package imports no torch; `corinpaint.model.metadata` reads a checkpoint's description without it.
"""
