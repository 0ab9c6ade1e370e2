"""Room of training: data sets, hole sampling, losses, the training loop, metrics."""
