"""Policies over what was logged: SimulatePolicy and DiffPolicies. Nothing here leaves a trace."""
