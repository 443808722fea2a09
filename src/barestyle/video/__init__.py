"""Videos of an optimization."""
