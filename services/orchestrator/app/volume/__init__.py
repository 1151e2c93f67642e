"""Quota of what is limited over all people: leased from the store, drawn from locally, settled by outcomes."""
