"""Training of networks on log-polar windows in units of the noise."""
