"""People: the agency, its units, accounts, roles, signing in and sessions.

Rules it keeps:

1. Whatever is done to an account, a unit or the agency appends its custody event in the same transaction.
2. A password is kept only as an argon2id hash, whose parameters stand in one place (`passwords.py`); it is
   never logged, never put into an event, never compared while a writing transaction is open.
3. A sign-in that fails says the same words after the same work whether the name is known or not.
4. The database holds the hash of a session's token, so whoever reads it cannot use the sessions in it.
5. Every refusal names its rule (`rules.Decision`); the table of roles is the only place that grants.
6. The last administrator cannot be taken away, so an agency never locks itself out.
7. What proves who somebody is works once: a code of an app, a recovery code, the answer to a passkey's question. Two
   processes that are shown the same at the same moment take it once.
8. Nothing but a whole sign-in forgets failures, so one right factor buys no guesses of the other.
9. A secret that must be kept readable (an app's) lies sealed under the vault's key; everything else only as a hash.
"""
