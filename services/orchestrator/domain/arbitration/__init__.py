"""Choosing among the candidates that survived: pure, vectorised, no Python object per candidate.

`worth`        what a candidate is worth as a line of its propensity
`beliefs`      what is believed of its propensity
`contenders`   those who are left for one slot, and who of them is the incumbent
`exploration`  how the policy wants slots to be explored
`explorers`    one protocol, and who implements it: `thompson`, `inverse_gap`, `greedy`
`bounds`       the floor under every probability, and the budget of what is not the best
`explore`      the vector of one slot: all of the above together
`draw`         the one random draw of a slot; `silence`: withholding its winner on purpose
`slots`        filling the slots of a request in order
`assign`       filling them all: in order, or, where nothing is explored, by the best `assignment`
`marginals`    who fills a slot with which probability, whatever filled those before: by `slate_states` and their
               `slate_vectors`, `branching` from slot to slot, and what a vector says of those after it (`succession`)
"""
