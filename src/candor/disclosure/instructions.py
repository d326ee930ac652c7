"""INSTRUCTIONS.txt: what somebody does who was given a package and trusts nobody.

The text is in the package, so it is as forgeable as the rest. It therefore shows no fingerprint to compare: a forged
one could show the true fingerprint beside a forged key. Only what computes the fingerprint from the key may show it.
Nor does it say anything that is known only after the hand-out, for the hand-out names its SHA-256.
"""

from __future__ import annotations

from datetime import datetime


def instructions(
    *,
    agency: str,
    package: str,
    created_at: datetime,
    recipient: str,
    origin: str,
    vkey: str,
) -> str:
    """The text, with what is particular to this package; lines of 78 characters, but for what is filled in."""
    known = {
        "agency": agency,
        "package": package,
        "date": f"{created_at:%Y-%m-%d}",
        "recipient": recipient,
        "origin": origin,
        "vkey": vkey,
    }
    return _TEXT.format_map(known)


_TEXT = """HOW TO CHECK THIS PACKAGE
=========================

From:      {agency}
To:        {recipient}
Made:      {date}
Package:   {package}
Log:       {origin}

This package holds original recordings and the history of each. You can check,
on your own computer and without the internet, that the recordings are the
ones that were sealed when the agency received them, and that their history is
whole. You need no account, and you need not trust whoever gave you this.

If you were given a .zip file: on Windows, right-click it and choose
"Extract All..." before you do anything else. Do not open, rename or add files
in the folder that you check; work on a second copy.


1. FIRST, GET THE LOG'S KEY FROM SOMEWHERE ELSE
-----------------------------------------------
Whoever can forge a package can put a forged key, and a forged checking
program, into it. So the key must reach you another way: from what the agency
has printed or published, from the court, from the public defender's office,
or from one of the witnesses. Ask for the agency's "trust policy" file
(trust-policy.txt).

If all you can get is the FINGERPRINT of the log's key (64 digits, printed on
paper or read out by telephone), check with the key that this package claims:

    {vkey}

The checking program then shows the fingerprint of the key it used. Compare
that one, all of it, with the one you were given. If they differ in a single
digit, the package is not from that log. This file does not show a fingerprint
on purpose: a forged file could show the true one beside a forged key. For the
same reason the checking program must then come from elsewhere too.

The agency writes the log itself. Whether independent witnesses have cosigned
the state that this package rests on, step 7 of the check tells: it names
them, or warns that there is none. Without them, that everybody was shown the
same history rests on the agency's word alone.


2. CHECK, THE EASY WAY: verify.html  (Windows, macOS, Linux)
------------------------------------------------------------
It needs Chrome or Edge 137, Firefox 129, Safari 17, or later.

a. Double-click verify.html. It opens in your browser and uses no internet.
   If you can, use a verify.html that you got from elsewhere: one that came
   with a forged package could show you anything.
b. Under A, paste the log's key, or load the trust policy file.
c. Under B, choose this folder (or the .zip), or drop it on the page.
d. Read the result and its twelve lines. "Print this result" keeps it.


3. OR ON THE COMMAND LINE: candor-verify.pyz  (needs Python 3.9 or later)
-------------------------------------------------------------------------
Open a terminal in the folder that holds this file. On Windows: open that
folder, click the address bar, type  cmd  and press Enter. On macOS:
right-click the folder, Services, "New Terminal at Folder". Then type one of
these lines. POLICY stands for the path of the trust policy file; put
quotation marks around it if it holds spaces. You can drag the file into the
window instead of typing its path.

    Windows:        py -I candor-verify.pyz --policy POLICY .
    macOS, Linux:   python3 -I candor-verify.pyz --policy POLICY .

The full stop at the end belongs to the command: it means "this folder". With
a key instead of a policy file:  --log-key "KEY"  in place of  --policy POLICY
It shows the same twelve steps. For safety, use a candor-verify.pyz that you
got from elsewhere. To look for events that were left out, add  --log  and the
web address of the agency's public log.

For scripts: the exit code is 0 when every step passed, 20 plus the number of
the first step that failed, 3 when this is no readable package.


4. WITH NOTHING BUT YOUR COMPUTER: ARE THE FILES UNCHANGED?
-----------------------------------------------------------
This shows only that no file has changed since the list was written. It does
not show who wrote the list.

Linux, every file at once:
    sha256sum -c manifest-sha256.txt
    sha256sum -c tagmanifest-sha256.txt

macOS, every file at once:
    shasum -a 256 -c manifest-sha256.txt
    shasum -a 256 -c tagmanifest-sha256.txt

Windows, one file at a time, in the window opened as in 3:
    certutil -hashfile "data\\originals\\NAME" SHA256
Compare what it prints with the line of that file in manifest-sha256.txt.

Windows, every file at once: type  powershell  in the address bar instead of
cmd, paste these four lines and press Enter. It names the files that differ,
and ends with "done":
    Get-Content manifest-sha256.txt | ForEach-Object {{
      $h, $f = $_ -split '  ', 2
      if ((Get-FileHash -LiteralPath $f).Hash -ne $h) {{ "DIFFERS: $f" }}
    }}; "done"


5. WHAT THE ANSWERS MEAN
------------------------
VERIFIED
    Every step passed, with keys that you got from elsewhere. Warnings, if
    there are any, stand beside their step and should be weighed.
CONSISTENT, BUT NOT PROVEN
    Everything fits together, but the keys came from the package itself. A
    forger could have made all of it. Get the key from elsewhere and check
    again.
FAILED at step ...
    Do not rely on the package. Keep it as it is. Ask whoever gave it to you,
    and the court, why. A copy that broke on the way fails too: ask for the
    package once more first.
NOT READABLE AS A PACKAGE
    This is not the whole folder, or not a package.


6. WHAT NOTHING HERE CAN PROVE
------------------------------
- That nobody who holds both the disks and the keys looked at or copied
  footage with other tools.
- That every act was recorded: a changed program could leave one out before
  it reached the log.
- What happened before the recording was received: that a camera was on, that
  its clock was right.
- Who sat at the keyboard: an event names an account.
- What the picture shows, or whether it shows the whole of what happened.


7. WHAT IS IN HERE
------------------
data/originals/         the recordings, exactly as received; play a copy
data/recordings.json    what the agency's catalogue says of them
data/case-uco.jsonld    the same for forensic laboratories (CASE/UCO)
custody/                the history of each recording, a proof for every
                        event, the log's signed checkpoint
certificate-draft.pdf   a draft for counsel (FRE 902(13), 902(14)): unsigned,
                        and worth nothing until it is reviewed and signed;
                        the only paper here that nothing vouches for
candor-verify.pyz, verify.html      the two checking programs
manifest-sha256.txt, tagmanifest-sha256.txt, bagit.txt, bag-info.txt
                        the lists of files (BagIt 1.0, RFC 8493)

A name that ends in .bin after another ending was blunted, so that a double
click does not run or open the file. Its bytes are exactly those received; its
name as received stands in data/recordings.json.
"""

#: What follows in a package of discovery.
OF_DISCOVERY = """

8. THIS PACKAGE IS DISCOVERY: THE WHOLE OF A CASE
-------------------------------------------------
Both sides of the case are given this package, byte for byte the same. To see
that it is the same, compare the SHA-256 of manifest-sha256.txt.

data/discovery.json     every recording that the case had when this was made:
                        which are in here, and which are withheld, each with
                        its count of events, the reason, the rule, and who
                        decided it
custody/discovery.tlog-proof
                        the log's own event of this discovery: how many
                        recordings the case had, and the SHA-256 of the list
                        of files in here

Some events of a history are shown without being opened. That such an event
exists, and where it stands, is proved like any other; what it says is not
told, and a reason is given instead. The check counts them, by reason. None
can be added, taken away or closed after the hand-out: the hand-out, which
stands in the log, names them all.

What this cannot prove: that the case had no further recording. The agency
said how many there were, in the log, at that moment, and cannot say
otherwise afterwards.
"""
