"""The Level 1 product: image, flags, uncertainty and header, made from the frame calibrated on the detector grid."""
