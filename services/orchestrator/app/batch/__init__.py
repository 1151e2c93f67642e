"""Many decisions at once, by the very flow that makes one.

ports         what the other services answer for many at once
round         questions of many, collected until nobody can go on, then asked together
desks         which questions those are: persons, rules, scores, the log
side_by_side  work on many requests, in rounds
decide        a batch: the flow, once for each request
stream        requests without an end, in batches of what has arrived
"""
