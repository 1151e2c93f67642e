"""The compiled forest: scores of LightGBM's trees, double for double, for many candidates of one customer at once."""
