"""One decision, step by step; `flow.Decide` joins them.

brief    what was asked, checked against the active policy
gather   what is known of the person   stick   what it was served before, and what it is served again
judge    which actions the engagement policy leaves
compete  which options compete for which place, in money
score    how likely each is to succeed
choose   the draws
reserve  the contacts, in the ledger of the person
answer   what the caller gets            reasons   why each of the others fell
record   what is kept

Every step but gather, judge, score and reserve depends on nothing but what the steps before it made.
"""
