"""The vault: footage goes in once, is sealed, and can be read from any place, until its key is destroyed.

Rules it keeps:

1. One pass. Bytes come as a stream; SHA-256 of the whole, RFC 6962 root over 1 MiB chunks and encryption are done
   while they come, in memory that does not grow with their number. Plaintext is never written anywhere.
2. Once. An object has an identifier of its own and is never written again; nothing replaces it.
3. Durable means durable. When `ObjectWriter.finish` returns, the object and its folder's entry are on stable storage
   (or S3 has acknowledged it). Before that nothing of it is visible; after a crash, `sweep` removes what was left.
4. Recorded in the act's own transaction. An object counts once its row is committed; only then may it be acknowledged.
5. Encrypted, all of it: C2SP Cobblestone-256 under a random key per object, renditions like originals. The key is
   kept only wrapped by a key-encryption key that lies outside CANDOR_HOME.
6. Only what is asked for is decrypted, and nothing that does not authenticate is ever returned.
7. Destroying a key is one verb and final: the wrapped key is overwritten in the caller's transaction, the stored
   bytes go after its commit. The object's row stays: that it was sealed remains known.
8. Fixity reads everything again and names what does not match. Who calls it makes that an event.
9. Only this room imports obstore. It knows nothing of recordings, people or events.
"""

from __future__ import annotations

from candor.store.clearing import Swept, scrub_destroyed_keys, sweep
from candor.store.errors import (
    FixityRunUnknown,
    KeyDestroyed,
    KeyInUse,
    KeyMissing,
    KeyringExists,
    KeyringMissing,
    KeyringUnusable,
    KeyStillHeld,
    KeyWrong,
    ObjectAltered,
    ObjectArchived,
    ObjectExists,
    ObjectMissing,
    ObjectUnknown,
    SealingEnded,
    StoreAddressWrong,
    StoreEmpty,
    StoreError,
    StoreFull,
    StoreUnreachable,
)
from candor.store.fixity import (
    FixityProgress,
    FixityResult,
    Outcome,
    begin_run,
    check_object,
    run_fixity,
    unfinished_run,
)
from candor.store.keys import KeyRing, add_epoch, create_keyring, destroy_epoch
from candor.store.objects import open_store
from candor.store.sealing import ObjectWriter, SealedObject
from candor.store.stored import ObjectStore
from candor.store.stream import SealedStream
from candor.store.vault import RecordedObject, Vault

__all__ = [
    "FixityProgress",
    "FixityResult",
    "FixityRunUnknown",
    "KeyDestroyed",
    "KeyInUse",
    "KeyMissing",
    "KeyRing",
    "KeyStillHeld",
    "KeyWrong",
    "KeyringExists",
    "KeyringMissing",
    "KeyringUnusable",
    "ObjectAltered",
    "ObjectArchived",
    "ObjectExists",
    "ObjectMissing",
    "ObjectStore",
    "ObjectUnknown",
    "ObjectWriter",
    "Outcome",
    "RecordedObject",
    "SealedObject",
    "SealedStream",
    "SealingEnded",
    "StoreAddressWrong",
    "StoreEmpty",
    "StoreError",
    "StoreFull",
    "StoreUnreachable",
    "Swept",
    "Vault",
    "add_epoch",
    "begin_run",
    "check_object",
    "create_keyring",
    "destroy_epoch",
    "open_store",
    "run_fixity",
    "scrub_destroyed_keys",
    "sweep",
    "unfinished_run",
]
