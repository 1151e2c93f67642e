"""What is limited over all people: budgets, stock, the capacity of a channel. Pure.

`resources`  what a policy declares, its periods, and what each option uses of each, as columns
`account`    one resource in one period: what was leased to whom, spent, given back, realised
`pacing`     the dual price that spreads a resource over its period
`traffic`    how many decisions an hour brings, learnt
`forecast`   how much will be used when the period ends
`standing`   what a decision goes by: room and price, and what falls or costs more for it
"""
