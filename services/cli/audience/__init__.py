"""Deciding for a whole audience: found by a condition, decided in batches, written as one Parquet file."""
