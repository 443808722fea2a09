"""Many transfers: declared, queued, run by any number of workers, and kept."""
