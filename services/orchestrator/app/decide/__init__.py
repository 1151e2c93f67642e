"""One decision, step by step; `flow.Decide` joins them.

brief    what was asked, checked against the active policy
gather   what is known of the person
judge    which actions the engagement policy leaves
compete  which options compete for which place, in money
score    how likely each is to succeed
choose   the draws
answer   what the caller gets            reasons   why each of the others fell
record   what is kept

Every step but gather, judge and score depends on nothing but what the steps before it made.
"""
