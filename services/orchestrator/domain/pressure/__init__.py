"""Marketing pressure: what the contacts of the last days did to a person, as a cost of the next one.

Learnt from gaps without contacts that begin at random, so that contacts aimed at the engaged do not turn its sign.

`plan`      what a policy declares
`level`     what past contacts come to by now
`gaps`      when a person is in a gap, and how far the draws of gaps moved their level
`sample`    one contact, and what came of it
`tally`     sums of samples, in groups of people
`estimate`  what the sums say, and how surely
`price`     what one more contact costs

Slopes are everybody's; what is a person's own in the price is their pace and level. A slope of one's own would need
what came of each contact, which the read of a decision does not bring and which says too little (the service's README).
"""
