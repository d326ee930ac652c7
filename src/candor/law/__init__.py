"""The law: packs of dated rules with their citations, the agency's policy over them, and what follows for a recording.

Rules it keeps:

1. Law is data. A pack is a file that a lawyer can read; nothing that depends on a statute stands in code.
2. Every rule says where it is written, from when to when it is in force, and how well that was checked. A rule that
   was not checked against the official text may only restrict: keep longer, withhold, warn. To destroy, release, charge
   or take more time by it (a holiday, an extension), the agency's counsel adopts these very words in a logged act.
3. What follows from facts and a moment is worked out by pure functions (`engine`), and comes with its explanation.
   Nothing is decided without a rule.
4. A policy of the agency's stands over the law and is stricter. Where it is laxer the law holds, and that is shown.
5. Every change of what is applied here (a pack, the policy, an adoption) is proposed by one person, tried out over all
   recordings, and put in force by another. The content's hash stands in the custody log.
6. What was in effect before is kept: an answer for a past moment is given from the law as it was applied then.
"""
