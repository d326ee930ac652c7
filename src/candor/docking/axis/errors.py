"""What can go wrong with Axis camera systems."""

from __future__ import annotations

from candor.docking.errors import DockingError


class AxisError(DockingError):
    """Something about a camera system went wrong."""


class AxisMalformed(AxisError):
    """The call cannot be understood: {reason}. Nothing of it was kept, and it was written down. The camera system marks
    what it belongs to as not transferred; download it there and take it in with `candor ingest`."""


class AxisNotThere(AxisError):
    """There is no {what} of that name."""

    exit_code = 4


class AxisForbidden(AxisError):
    """{what} is not open to camera systems."""

    exit_code = 5


class AxisTokenWrong(AxisError):
    """The token or the credential is not valid, or not any more. Ask for a token with the credential of the connection
    file; where that is turned away too, load a new connection file."""

    exit_code = 5


class AxisBodyBroken(AxisError):
    """The body ended after {size} bytes although {announced} were announced. Nothing of it was kept; send it again."""


class AxisBodyAltered(AxisError):
    """The body has another MD5 than was announced. Nothing of it was kept; send it again."""


class ConnectionUnknown(AxisError):
    """There is no camera system's connection called “{name}”. `candor dock axis list` shows those that there are."""

    exit_code = 4


class ConnectionEnded(AxisError):
    """The connection “{name}” was ended. Nothing was changed. Make a new one."""

    exit_code = 5


class ConnectionFileUnusable(AxisError):
    """The connection file cannot be made: {reason}. Nothing was changed."""

    exit_code = 2


class CameraUserUnknown(AxisError):
    """There is no user {id} of a camera system. `candor dock axis users` shows those that there are."""

    exit_code = 4
