"""Cases: what recordings belong together for, who is in them, and what happened in them.

People say “case”; the code says matter, because CASE is a word of SQL.

Rules it keeps:

1. A case has a number of the agency's own, which is unique without regard to capitals and spaces; where none is given
   it gets the next one of its year. It is never removed: it is closed, with a reason, and may be opened again.
2. Every change of a case, its people, its recordings and its events appends a custody event in the same transaction.
   Names of people stay out of these events: an account is named by its id, somebody from outside by the row's id.
3. What is taken back is ended, with who did it and why; the row stays. A correction withdraws a row and puts another
   in its place.
4. Which cases somebody may see is one expression (`rules.visible_cases`), for the list, the single case and every act:
   a case that may not be seen is answered as if there were none. Membership opens a case; a wall closes it, whatever
   else opens it.
5. Belonging to a case does not open a recording: whoever reads a case sees of its recordings only those that the rule
   of recordings shows; of the others, how many they are.
6. The law hears of cases through `footage.facts`: open ones keep what is in them, and their events start periods and
   clocks. Of two moments that could be meant, the one counts that keeps longer or obliges earlier (`rules.moment_of`).
7. Guests, who are of a party and not of the agency, see no case.
"""

from __future__ import annotations
