"""A blind comparison of arms by eye: paint pairs, build sheets with the arms in secret order, vote, open the key."""
