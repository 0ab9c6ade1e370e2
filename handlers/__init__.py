"""Room of the TorchServe handler."""
