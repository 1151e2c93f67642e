"""Learning what marketing pressure does: contacts whose windows are over become samples, samples become sums, and the
sums the estimate that decisions price one more contact with."""
