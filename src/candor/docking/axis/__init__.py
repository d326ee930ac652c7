"""Axis camera systems, for whoever stands above: what the faces call, under one name.

`connection_file` makes the file and its key, which is shown once. `camera_users` and `match_user` say who the users of
camera systems are. `AxisGate`, `AxisObject` and `settle` take in what they send.
"""

from __future__ import annotations

from candor.docking.axis.connecting import (
    Bearer,
    Connection,
    address_of,
    bearer_of,
    connection,
    connection_file,
    connection_named,
    connections,
    issue_token,
    new_connection,
    revoke_connection,
    revoke_older_keys,
)
from candor.docking.axis.entries import CameraUser, camera_users, match_user
from candor.docking.axis.gate import AxisGate
from candor.docking.axis.objects import AxisObject
from candor.docking.axis.refused import RefusedCall, refused_calls
from candor.docking.axis.settling import settle

__all__ = [
    "AxisGate",
    "AxisObject",
    "Bearer",
    "CameraUser",
    "Connection",
    "RefusedCall",
    "address_of",
    "bearer_of",
    "camera_users",
    "connection",
    "connection_file",
    "connection_named",
    "connections",
    "issue_token",
    "match_user",
    "new_connection",
    "refused_calls",
    "revoke_connection",
    "revoke_older_keys",
    "settle",
]
