"""Policies over what was logged, or over persons: SimulatePolicy and DiffPolicies. Nothing here leaves a trace."""
