"""What can go wrong with keeping, restoring and changing key-encryption keys."""

from __future__ import annotations

from typing import ClassVar

from candor.store.errors import StoreError


class PaperWrong(StoreError):
    """What was given cannot be read: {reason}. Nothing was written. Correct it and try again."""

    exit_code: ClassVar[int] = 3


class WordUnknown(PaperWrong):
    """{place}: “{typed}” is not a word of the list.{hint} Nothing was written. Correct that word and try again."""


class SheetLineWrong(PaperWrong):
    """Line {line} of the recovery sheet does not fit its check word; look at words {first} to {last}.{hint} Nothing
    was written. Correct the line and try again."""


class SheetLineCount(PaperWrong):
    """The recovery sheet has {lines} lines of 5 words for each key; {problem}. Nothing was written. Type every line,
    its check word too, and try again."""


class SheetMixed(PaperWrong):
    """Each line of the sheet fits its own check word, but together they make no key of epoch {epoch}: lines of two
    different sheets were mixed. Nothing was written. Use the lines of one sheet only."""


class SheetEpochUnsure(PaperWrong):
    """The lines do not fit together, and it cannot be told which of them are wrong. Nothing was written. Put the line
    “epoch N”, as it stands on the sheet, before the words, and try again."""


class ShareWrong(PaperWrong):
    """The share {share} is not right: {reason}. Nothing was written. Compare it with the paper, word by word."""


class SharesDiffer(PaperWrong):
    """The share {share} belongs to another set than {other}: it begins with “{begins}”, the other with “{expected}”.
    Nothing was written. Use shares that were made together."""


class ShareTwice(PaperWrong):
    """The shares {share} and {other} are the same one (holder {holder}). Nothing was written. Another holder's share is
    needed."""


class SharesTooFew(PaperWrong):
    """{needed} shares are needed, and {given} were given (of holders {holders}). Nothing was written. Ask {missing}
    more of the holders."""


class PassphraseWrong(PaperWrong):
    """The shares are right, but they make no key with this passphrase. Nothing was written. Type the passphrase that
    was set when the shares were made; without one, leave out --passphrase."""


class RecipientWrong(PaperWrong):
    """“{recipient}” is no age recipient: {reason}. Nothing was written. Give a line that begins with age1, ssh-ed25519
    or ssh-rsa."""

    exit_code = 2


class IdentityWrong(PaperWrong):
    """The identity in {path} does not open the escrow {escrow}: {reason}. Nothing was written. Use the identity of one
    of the recipients that it was made for."""


class SplitWrong(StoreError):
    """A key cannot be split among {holders} holders of whom {needed} are needed. From 2 to 16 holders are possible, and
    at least 2 of them needed. Nothing was written."""

    exit_code = 2


class KeyOfAnother(StoreError):
    """This is the key of epoch {epoch} with the fingerprint {found}, but {where} {expected}. It is the key of another
    installation, or of another time. Nothing was written."""

    exit_code = 6


class SheetNotOfThisKey(StoreError):
    """The sheet is read without a fault, but it is not the sheet of the key in {folder}: {reason}. Destroy it if it is
    an old one, and print the present one with `candor key sheet`."""

    exit_code = 6


class RotationRunning(StoreError):
    """Another command is changing the keys in {folder} now, or a backup is writing the rows that they wrap. Nothing was
    changed by this one. Wait until it has ended."""

    exit_code = 5


class KeysNotOpening(StoreError):
    """{count} wrapped keys do not open under the key they are said to be wrapped under; the first is that of the object
    {object_id}. Every other key was wrapped anew; the old key-encryption key was kept because of these. Restore the
    database's rows from a backup, or find out what altered them, and run `candor key rotate` again."""

    exit_code = 6
