"""The Level 1 product: from the frame on the detector to the image, its flags, its uncertainty and its header."""
