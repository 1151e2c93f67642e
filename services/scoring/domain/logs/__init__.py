"""A log of decisions and what became of them, as somebody else wrote it: what its columns are, and the columns."""
