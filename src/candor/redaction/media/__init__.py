"""Working on the pictures and the sound of a part: its times, what moves in it, what is burnt in, and what came of it.

Rules it keeps:

1. Whatever decodes or encodes runs in a limited process (`work` names the tasks); the parent sees raw planes of sizes
   that it asked for, and numbers.
2. Every pass asks `times.timed_frames` for the pictures and when they are shown. No pass counts frames by itself, so
   that a mask is never off by a frame.
3. Memory does not grow with the length of a recording, but for lists of times and boxes.
4. A box that hides is never made smaller by smoothing, joining or thinning out: where a line would cut a corner, it is
   moved outward.
"""

from __future__ import annotations
