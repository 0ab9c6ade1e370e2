"""A plan of many frames, kept on disk: their files found and read once, in time order, with the products to make."""
