"""Marketing pressure: what the contacts of the last days did to a person, as a cost of the next one.

Learnt from gaps without contacts that begin at random, so that contacts aimed at the engaged do not turn its sign.
"""
