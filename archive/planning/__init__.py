"""A plan of many frames, kept on disk: made once, worked through in chunks, gone on with after any end."""
