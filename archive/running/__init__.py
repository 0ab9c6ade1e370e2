"""Working through a plan: on processes, on Dask, in shards; with logs from which a run goes on after any end."""
