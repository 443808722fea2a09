"""Probes: what the features of a network know about images, measured by tasks (the paper's section 7)."""
