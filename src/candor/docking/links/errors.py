"""What can go wrong with a link for the public. Each class is a message for people."""

from __future__ import annotations

from candor.docking.errors import DockingError

__all__ = [
    "LinkEnded",
    "LinkError",
    "LinkFileLost",
    "LinkFileTooLarge",
    "LinkFull",
    "LinkGuessed",
    "LinkHeldUp",
    "LinkNumberUnknown",
    "LinkUnknown",
    "LinkWrong",
]


class LinkError(DockingError):
    """Something about a link for the public went wrong."""


class LinkUnknown(LinkError):
    """This link leads nowhere. Perhaps it was not copied whole: open it once more from the message that it came with,
    or ask whoever sent it to you."""

    exit_code = 4


class LinkGuessed(LinkError):
    """Too many links that lead nowhere were opened from your connection. Wait a quarter of an hour, then open the link
    once more from the message that it came with."""

    exit_code = 5


class LinkEnded(LinkError):
    """This link takes no more files: {how}. Whatever was given by it before is safe. If there is more to give, ask
    whoever sent it to you for a new link."""

    exit_code = 4


class LinkFull(LinkError):
    """This link takes {files} files and {size} GB together, and that would be exceeded. Nothing of this file was taken;
    what was given before is safe. Ask whoever sent you the link for another one."""


class LinkHeldUp(LinkError):
    """The file cannot be taken in just now. What arrived of it is kept. Go on later; if it does not work then either,
    tell whoever sent you the link."""

    exit_code = 7


class LinkFileLost(LinkError):
    """What arrived of this file can no longer be read. Your own file is as it was: send it again."""

    exit_code = 4


class LinkFileTooLarge(LinkError):
    """The file is larger than {limit} GiB, the most that can be sent here. Nothing of it was taken. Ask whoever sent
    you the link for another way to hand it over."""


class LinkWrong(LinkError):
    """A link cannot be made like that: {reason}. Nothing was made."""


class LinkNumberUnknown(LinkError):
    """There is no link {number} that you may change. Nothing was changed. `candor dock link list` shows those that
    there are."""

    exit_code = 4
