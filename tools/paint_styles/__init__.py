"""The style pictures that come with barestyle, painted by a program.

`python -m tools.paint_styles [NAME ...]`, from the repository's root, writes them (all, or those named) into
the package's samples folder. Each is seeded, so a second run writes the same files.
"""
