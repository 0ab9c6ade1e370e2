"""Room of the exports: TorchScript, ONNX, the TorchServe archive, and the proof that each equals its checkpoint."""
