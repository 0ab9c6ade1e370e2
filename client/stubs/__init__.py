"""TorchServe's inference service over gRPC: generated code, see inference.proto."""
