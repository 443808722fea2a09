"""The machine: its devices, and how much memory a run may use."""
