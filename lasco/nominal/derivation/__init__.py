"""Scripts that derive the nominal sets from frames; no other module imports them."""
