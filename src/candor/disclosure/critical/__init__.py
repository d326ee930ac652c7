"""Critical incidents: a shooting, a death, a serious injury, and what the law asks of the footage then.

Rules it keeps:

1. A critical incident has its recordings, its clocks by the law's own rules, and a case where there is one.
2. Whoever the law lets see footage before its release (next of kin, whoever was recorded) is offered it; that it was
   offered, seen or declined is on record, and a release waits for it where the law says so.
3. What shows a minor waits for the consent of a parent or guardian where the law asks for it; a consent is a document.
4. Releases go the way of every release: two people, and nothing while a rule forbids it.
5. Statements stand beside the footage under the name of who made them. The footage is never edited to fit them.
6. Whoever is to act is told before a clock ends, and when it is over, each clock by itself and once.
7. What it holds stays held when it is closed, unless somebody chooses to free it who may release holds.
"""
