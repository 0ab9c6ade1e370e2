"""What runs a network: onnxruntime or torch, behind one small interface."""
