"""Features of images by which perceptual and style losses compare them."""
