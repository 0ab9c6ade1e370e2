"""Movies and height-time maps of Level 1 products."""
