"""Releases: what goes out to whoever asked, or to everybody, as one package that a stranger can verify.

Rules it keeps:

1. A release is prepared by one person and approved by another, under an account of their own. What forbids it is asked
   anew when it is prepared, when it is approved, in the transaction in which it is handed out, and once more before it
   is published; a refusal names the rule.
2. It holds redacted copies alone, each with its signed edit list and the public form of its proof, a log of exemptions
   by mask, a summary in plain language, and the custody events that tell of it.
3. Content credentials are put into a copy last, in a process of its own. Without them the file is byte for byte the
   copy that was proven.
4. What is published is written to the `published` place by a job; the portal reads nothing else.
5. A release is recalled by an act that everybody can see, with its reason. It is never silently gone: its page stays
   and says so, and so does the custody log.
6. What nobody approved yet can be discarded, and stays to be seen too. What was approved once is recalled.
"""
