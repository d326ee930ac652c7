"""What the staff side does for the portal: it takes in what came, and publishes how things stand.

Rules it keeps:

1. It goes to the portal's places; the portal never comes here. What it publishes is meant for whoever reads it: the
   state of a request for the holder of its code, releases that two people made, who the agency is.
2. An entry of the inbox is taken in once: that it was, is written in the transaction that takes it in, and only then
   does it leave the inbox. Killed in between, it is known, and leaves at the next round.
3. An entry that cannot be taken in is put aside with its reason and told; it never comes again, and never holds up what
   came after it.
4. What somebody asks for is published to nobody: neither their words nor their name are in the state of a request.
5. What is published lags behind by a round. How much it does is measured, and shown where the system is watched.
"""
