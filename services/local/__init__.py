"""The in-process wiring: adapters of the orchestrator's ports that call the other services' use cases directly.

This package alone knows several services. No protobuf, no socket, no copy of a message in between; deadlines hold all
the same, and errors are those the services raise.
"""
