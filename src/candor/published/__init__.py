"""What the public side reads and writes: the `published` database, the place of published files, and the inbox.

Rules it keeps:

1. The published database is written by acts of publication alone, and holds nothing that is not meant for whoever can
   reach the portal; what is meant for one person is found by the digest of their tracking code.
2. The inbox is appended to by the portal and drained by the staff side. What is written into it is encrypted for the
   staff side, so that the portal cannot read it again.
3. Neither holds a credential to anything else: whoever takes over the portal gets what is public, and what comes in
   from then on.
"""
