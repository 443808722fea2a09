"""Paint the style images that are part of barestyle.

Run `python -m tools.paint_styles [NAME ...]` from the root of the repository to write all of them, or those named, to
the package's samples folder. Each painter is seeded, so a second run writes the same files.
"""
