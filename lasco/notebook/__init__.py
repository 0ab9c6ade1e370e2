"""What products show in a notebook: maps of sunpy, small tables, and what HISTORY says about the fills."""
