"""What can go wrong with backups. Each class is a message for people."""

from __future__ import annotations

from candor.core.errors import CandorError


class RecoveryError(CandorError):
    """A backup could not be made or used: {reason}."""

    exit_code = 7


class PlaceNotNamed(RecoveryError):
    """It is not said where the backup goes. Name a folder or s3://bucket/prefix, or set CANDOR_BACKUP."""

    exit_code = 2


class PlaceUnfit(RecoveryError):
    """Backups cannot go to {place}: {reason}. Nothing was written. Name a folder on another disk or machine."""

    exit_code = 2


class PlaceOfAnother(RecoveryError):
    """The backups in {place} are another agency's or another log's ({whose}). Nothing was written: keeping house there
    would remove what they need. Name another folder or prefix."""

    exit_code = 5


class PlaceInUse(RecoveryError):
    """{place} holds sealed objects that this archive does not know ({object_id} is one) and no backup of it: it is the
    footage of another installation, or its backup. Nothing was written: keeping house there would remove them. Name an
    empty folder or prefix."""

    exit_code = 5


class BackupRunning(RecoveryError):
    """Another backup of this installation is running. Nothing was done by this one. Wait until it has ended."""

    exit_code = 5


class CopyDamaged(RecoveryError):
    """The object {object_id} was written to {place} and read back as something else. It was removed there, and the
    backup was not completed. Check that disk or network, then run the backup again: it goes on where it was."""


class NoBackup(RecoveryError):
    """There is no complete backup{which} in {place}. Check the address; `candor backup --list` shows what is there."""

    exit_code = 4


class BackupHalf(RecoveryError):
    """The backup {id} is not whole: {missing} is missing. Nothing of it was used. Take an earlier backup (`candor
    backup --list`), or bring the missing file back."""

    exit_code = 6


class BackupAltered(RecoveryError):
    """The backup {id} is not what was written: {what}. Nothing of it was used. Take an earlier backup, or another copy
    of this one."""

    exit_code = 6


class BackupKeyMissing(RecoveryError):
    """The backup {id} was made under the key-encryption key of epoch {epoch}, which is not in {folder}. Nothing was
    restored. Put it there from the recovery sheet first: `candor key restore --sheet -`."""

    exit_code = 9


class BackupKeyWrong(RecoveryError):
    """The backup {id} was made under another key-encryption key of epoch {epoch} than the one in {folder}: it is
    another agency's, or the key is. Nothing was restored. Check which sheet belongs to which backup."""

    exit_code = 9


class BackupTooNew(RecoveryError):
    """The backup {id} was made by Candor {version}, whose form this version does not know ({what}). Nothing was
    restored. Install that version or a later one, then restore."""

    exit_code = 8


class TombstonesUnchecked(RecoveryError):
    """{count} notes of what was destroyed, in {place}, are sealed under a key that is not at hand, so nobody can tell
    whether they are genuine, and they name {objects} objects that this backup would bring back. Nothing was restored.
    Put that key there too if you have it (`candor key restore`). Otherwise look at what they name ({which}): if it was
    destroyed by order, run this again with --lay-unchecked; if it was not, somebody put them there: remove them."""

    exit_code = 6


class NotEmpty(RecoveryError):
    """A backup is restored into an empty installation, and {what}. Nothing was changed. Give CANDOR_HOME and
    CANDOR_DATABASE_URL an empty folder and database, or move away what is there."""

    exit_code = 5


class OtherRestore(RecoveryError):
    """A restore of the backup {id} was begun in {home} and has not come to its end. Run `candor restore` with --backup
    {id} to go on with it; or move that folder away, use an empty database, and begin anew."""

    exit_code = 5


class OtherLogKey(RecoveryError):
    """The log key at {path} is not the key of the log in this backup, and it was not replaced. Nothing was restored.
    Move it away if it belongs to nothing, or restore with the right CANDOR_KEYS."""

    exit_code = 9
