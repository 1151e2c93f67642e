"""The policy language: read, check, compile. `compile.compile_policy` is the way in."""
