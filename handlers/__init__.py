"""Room of the endpoint: it reads a request, restores the frame and encodes the product; served by TorchServe."""
