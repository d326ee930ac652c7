"""Backup and restore: an agency can lose a machine without losing evidence, and what it destroyed stays destroyed.

    PLACE/objects/<3 digits>/<object id>                         sealed footage, as stored; shared by all backups
    PLACE/candor-backup/backups/<time>-<id>/database-000001 …    the rows, encrypted
                                            secrets              log key, settings, encrypted
                                            objects-000001 …     which objects it needs, with their SHA-256, in clear
                                            checkpoint           the log's newest checkpoint with its cosignatures
                                            manifest.json        written last
    PLACE/candor-backup/tombstones/<id>.json                     what was destroyed on purpose

Rules it keeps:

1. The key-encryption key is never in a backup: whoever has the backup alone has nothing. Everything in it that is not
   public anyway is encrypted under a key of its own, wrapped by that key.
2. A manifest is written last and names every file with its SHA-256, sealed by the backup's key. Half a backup, an
   altered one and another agency's are told apart, each with its own word, before anything is written.
3. Objects are copied once, create-if-absent, and read back. They stay while a kept backup or the archive needs them.
4. One form for SQLite and PostgreSQL: a backup of one restores into the other.
5. What was destroyed does not come back: tombstones are laid before anything can read the restored rows. The wrapped
   key of a destroyed object is never written to the new database.
6. Until a restore has come to its end, no command opens the installation; it can be stopped, killed, and run again.
7. A restored log signs only what extends everything that it, its marker and its witnesses are known to have signed.
8. Sessions, counts of failed sign-ins and workers are left out: what was stolen before does not live again.
"""

from __future__ import annotations
