"""Requests for records: what somebody asks for, which recordings are meant, and until when they must have an answer.

Rules it keeps:

1. A request is received at a moment, and the clocks of the law run from it. It is never removed: it is answered,
   withdrawn or taken up again, with reasons.
2. Whoever asks needs no account. They get a tracking code; only its digest is kept, so that nobody who reads the
   database can pose as them.
3. Clocks are the law engine's, never made here. They are kept beside the request so that a queue can be read at once,
   and made anew whenever something happens from which they follow.
4. What is meant by a request is said by a person. The search only proposes, with reasons.
5. A recording that is meant by an open request is held, so that no purge takes it.
6. Names, addresses and words of whoever asks stay out of the custody log: it holds digests and identifiers.
"""
