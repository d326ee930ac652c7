"""Decisions on a request: of each recording that is meant, and of stretches of it, what is released, or withheld.

Rules it keeps:

1. A decision is of one recording as a whole, and of stretches of it that differ. Each says why, and whatever holds
   something back names an exemption with its citation.
2. What stands in the way of a release is asked of the law engine, of restrictions, of holds and of reviews before a
   statement, at the moment of the decision and again at every later step. What forbids is refused with its rule.
3. What has to be weighed is weighed in words, by name of the rule; a class that is confidential whatever speaks for
   its release needs an exception that the law names, with a document where it asks for one, or footage in which it
   cannot be seen or heard any more.
4. A decision is never changed: it is taken back with a reason, and another is made.
5. Two people who decide at once do not overwrite each other: a decision names what it was made upon.
"""
