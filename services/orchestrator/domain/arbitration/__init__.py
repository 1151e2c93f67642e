"""Choosing among the candidates that survived: pure, vectorised, no Python object per candidate.

`worth`     what a candidate is worth as a line of its propensity
`thompson`  the probability with which each one is chosen
`draw`      the one random draw of a slot
`slots`     filling the slots of a request in order
"""
