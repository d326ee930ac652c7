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


class AgencyExists(PeopleError):
    """The agency has been set up already. Sign in with an account of it instead."""

    exit_code = 5


class NameTaken(PeopleError):
    """There is already {what} called “{name}”. Choose another name."""

    exit_code = 3


class FieldWrong(PeopleError):
    """Something that was filled in cannot be used. Correct it and send it again."""

    exit_code = 3


class NameMissing(FieldWrong):
    """A name is missing, or longer than {longest} characters. Fill in a name."""


class SignInNameWrong(FieldWrong):
    """“{name}” cannot be a sign-in name. Use 1 to 64 letters, digits, dots, hyphens, underscores or @, no spaces."""


class TimeZoneUnknown(FieldWrong):
    """There is no time zone called “{name}”. Use a name of the IANA list, such as America/New_York."""


class RoleMissing(FieldWrong):
    """An account needs at least one role. Choose what this person does."""


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
