"""Training of networks on whole frames in the histogram-equalised domain, as published."""
