"""Discovery: the whole of a case, the same for prosecution and defence, each able to prove that it is complete.

Rules it keeps:

1. One package for both sides, byte for byte. It lists every recording of the case; what is withheld is named as
   withheld, with its reason and who decided it.
2. Of each recording every event from 0 to n is shown to exist in the log. An event that is not opened is there all the
   same, with the reason why it is not opened.
3. A side comes in by a code of its own that ends, without an account and without terms to agree to.
4. What a side watches or takes is put on record so that only that side's key opens it: the other side, and the agency's
   own readers, see delivery and receipt. A court can have it opened with that key.
5. Where a mark is chosen, each side watches viewing copies of its own with its mark burnt into the picture, and no
   others. They are made ahead of every recording for both sides, so that making one says nothing of what is watched.
6. A finding that speaks against an officer's statement raises the question whether it is disclosed to the prosecutor,
   and the question stays until somebody entitled to it answers, with a reason.
"""
