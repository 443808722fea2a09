"""Ablation studies: many runs that are declared, queued, run by any number of workers, stored and judged."""
