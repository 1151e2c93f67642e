"""Trained models as directories: what `tandem train` writes and `tandem score` reads."""
