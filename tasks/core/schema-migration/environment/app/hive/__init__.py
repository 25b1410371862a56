"""Notes of a beekeepers' club."""
