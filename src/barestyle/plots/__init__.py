"""Plots and embedded images for people to look at: in reports, notebooks and on the page."""
