"""Scripts that derive the nominal sets from frames; nothing imports them at run time."""
