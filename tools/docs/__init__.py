"""What `make docs` generates: formulas, diagrams, references, and links."""
