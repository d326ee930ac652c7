"""The portal: the pages for everybody. An application of its own, that holds no credential to the rest.

Rules it keeps:

1. It reads the published database, published files and the public files of the custody log, and appends to the inbox.
   It imports none of the rooms that hold footage, people, keys or law.
2. No account, no terms to agree to, no tracking, no network but its own address.
3. Everything works without JavaScript but the verifier, which runs in the reader's browser and sends nothing anywhere.
4. What comes in is bounded before it is read: sizes, fields, files, and how often one address may send.
"""
