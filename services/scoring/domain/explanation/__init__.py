"""Why a candidate has its score: what each name adds to its log-odds, and the farthest of them in words."""
