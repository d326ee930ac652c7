"""What can go wrong with people and their rights."""

from __future__ import annotations

from candor.core.errors import CandorError


class PeopleError(CandorError):
    """Something about an account or a role went wrong."""


class Refused(PeopleError):
    """This is not allowed: {reason} (rule {rule}). If your work needs it, ask an administrator for the role."""

    exit_code = 5


class SignInFailed(PeopleError):
    """The sign-in name or the password is not right. Check both, also capital letters in the password, and try
    again; an administrator can set a new password."""

    exit_code = 5


class SignInBlocked(PeopleError):
    """There were too many failed attempts with this name or from this address. Wait {wait} and try again; the
    wait grows with every further failure."""

    exit_code = 5


class SignInLocked(SignInBlocked):
    """This sign-in name is locked, because there were too many failed attempts with it. An administrator of your agency
    can release it."""


class SessionGone(PeopleError):
    """The session ended meanwhile. Sign in again."""

    exit_code = 5


class PasswordNotRight(PeopleError):
    """The present password is not right. Type the password that you sign in with now."""

    exit_code = 5


class CodeWrong(PeopleError):
    """The code is not right. Use the newest code that the app shows for this site; if none works, check that the clock
    of the phone sets itself."""

    exit_code = 5


class CodeReplayed(CodeWrong):
    """This code was used already, and each works once. Wait for the app to show the next one, up to 30 seconds, and use
    that."""


class RecoveryCodeWrong(CodeWrong):
    """The recovery code is not right, or it was used before. Use another one of your newest list."""


class PasskeyWrong(PeopleError):
    """The passkey was not accepted. Try again; if it happens again, sign in with your password and remove this passkey
    from your account."""

    exit_code = 5


class PasskeyUnknown(PasskeyWrong):
    """This passkey belongs to no active account here. Sign in with your name and password, or use another passkey."""


class PasskeyCopied(PasskeyWrong):
    """This passkey was refused, because its counter went back, as if there were a copy of it. It works no more here.
    Sign in another way, remove it from your account, and tell your administrator."""


class PasskeyUnverified(PasskeyWrong):
    """This passkey did not check who you are (by PIN, fingerprint or face), so it is not enough alone. Set a PIN on it,
    or sign in with your password first."""


class ChallengeExpired(PasskeyWrong):
    """The question to the passkey has expired or was answered already. Try again."""


class SecondFactorMissing(PeopleError):
    """There is no such second factor on this account; it may have been removed meanwhile. Reload the page."""

    exit_code = 4


class SecondFactorRequired(PeopleError):
    """This is your last second factor, and your role needs one. Set up another one first, then remove this."""

    exit_code = 5


class AgencyExists(PeopleError):
    """The agency has been set up already. Sign in with an account of it instead."""

    exit_code = 5


class NameTaken(PeopleError):
    """There is already {what} called “{name}”. Choose another name."""

    exit_code = 3


class FieldWrong(PeopleError):
    """Something that was filled in cannot be used. Correct it and send it again."""

    exit_code = 3


class PasskeyNameWrong(FieldWrong):
    """A passkey needs a name of 1 to {longest} characters. Type one that tells it from your others."""


class PasskeyTaken(FieldWrong):
    """This passkey is registered already. Use it as it is, or another device."""


class PolicyWrong(FieldWrong):
    """This rule of signing in cannot be set ({field}): {reason}. Nothing was changed."""


class NameMissing(FieldWrong):
    """A name is missing, or longer than {longest} characters. Fill in a name."""


class SignInNameWrong(FieldWrong):
    """“{name}” cannot be a sign-in name. Use 1 to 64 letters, digits, dots, hyphens, underscores or @, no spaces."""


class TimeZoneUnknown(FieldWrong):
    """There is no time zone called “{name}”. Use a name of the IANA list, such as America/New_York."""


class RoleMissing(FieldWrong):
    """An account needs at least one role. Choose what this person does."""


class RolesConflict(FieldWrong):
    """A guest of one side of a case cannot have another role as well. Make a second account, or leave the guest's
    role away."""


class RoleUnknown(FieldWrong):
    """There is no role called “{name}”."""


class UnitUnknown(FieldWrong):
    """There is no unit with the identifier {id}. Choose one of the list."""


class PasswordWeak(FieldWrong):
    """The password is not fit for use. Choose another."""


class PasswordTooShort(PasswordWeak):
    """The password is too short. Use {shortest} characters or more: a few unrelated words do well."""


class PasswordTooLong(PasswordWeak):
    """The password is too long. Use at most {longest} characters."""


class PasswordRepeats(PasswordWeak):
    """The password repeats a few characters only. Use several unrelated words."""


class PasswordHoldsName(PasswordWeak):
    """The password contains the sign-in name. Choose one that does not."""


class LastAdministrator(PeopleError):
    """“{name}” is the last active administrator. Give somebody else that role first, so that the agency does not
    lock itself out."""

    exit_code = 5


class AccountUnknown(PeopleError):
    """There is no account with the identifier or sign-in name {id}."""

    exit_code = 4


class AddressWrong(PeopleError):
    """“{address}” is not an e-mail address that can be used. Write it as name@example.gov, in plain letters."""

    exit_code = 3


class PasswordListed(PasswordWeak):
    """This password stands on a list of passwords that others know, so it would be guessed. Choose another: a few
    unrelated words do well."""


class PasswordListUnusable(PeopleError):
    """The list of known passwords ({path}) cannot be used: {reason}. No password was set, because it could not be
    checked. Whoever keeps the machine mends the file or CANDOR_PASSWORD_LIST; then set the password again."""

    exit_code = 9


class PasswordChangeNeeded(PeopleError):
    """Your password stands on a list of passwords that others know. Choose another one before you go on."""

    exit_code = 5


class TokenRefused(PeopleError):
    """The token is not accepted: {reason}. Ask an administrator for a new one."""

    exit_code = 5


class TokenUnknown(PeopleError):
    """There is no token with the identifier {id}. `candor token list` and the page of service accounts show them."""

    exit_code = 4


class ScopeWrong(FieldWrong):
    """A token cannot be given {scope}: {reason}."""


class TokenLifeWrong(FieldWrong):
    """A token lives 1 to {longest} days. Give a number of days in between; make a new one when it ends."""


class ServiceSignsIn(FieldWrong):
    """“{name}” is the account of a program. It comes with tokens and has no password. Make a token instead."""


class NoService(FieldWrong):
    """“{name}” is the account of a person, who signs in. Only accounts of programs have tokens; make one for the
    program."""
