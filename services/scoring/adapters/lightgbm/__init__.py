"""LightGBM: training, and what each column adds to a score. Nothing else imports it."""
