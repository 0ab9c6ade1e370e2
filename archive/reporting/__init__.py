"""Report pages of runs: one folder of static HTML that opens from a disk, without a server and without a network."""
