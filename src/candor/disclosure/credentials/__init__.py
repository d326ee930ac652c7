"""Content credentials (C2PA) on copies that go out: a courtesy layer that points to the custody log.

Rules it keeps:

1. They are put into a copy, never into an original, as the last thing that is done to it, in a process of its own that
   holds nothing but the file, the certificate and a way to have bytes signed.
2. What they say follows from the sealed record: SHA-256 of the original and of the copy, the log's origin and the
   index of the event by which the copy was made.
3. Without them the file is byte for byte the copy that was proven; anyone can take them out and see.
4. `c2pa.redacted` is not used for pictures: it means that a statement was removed, not that something was hidden.
"""
