"""The base model of a deployment: what its forest reads of a presentation, and the model as bytes."""
