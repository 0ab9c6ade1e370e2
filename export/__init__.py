"""Exports of checkpoints: TorchScript, torch.export, ONNX, the TorchServe archive and the Triton model repository.

Every export is verified: it must give the same results as its checkpoint.
"""
