"""Room of the endpoint: bytes in, `restore`, bytes out, served by TorchServe."""
