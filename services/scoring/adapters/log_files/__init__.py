"""Logs and their specifications as files: YAML, CSV, Parquet. `README.md` is for those who write them."""
