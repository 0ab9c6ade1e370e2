"""Room of the benchmark: holes in complete frames, scores, comparison, gallery."""
