"""`GET /auth/v1.0`: a token and a storage URL for whoever comes with a connection's credential (Swift TempAuth v1)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from candor.core.settings import Settings
from candor.dock.hands import Hands
from candor.docking import credentials
from candor.docking.axis.connecting import TOKEN_LIFE, Bearer, bearer_of, issue_token
from candor.docking.axis.errors import AxisForbidden, AxisTokenWrong
from candor.docking.axis.gate import AxisGate

__all__ = ["AxisAuth"]


class AxisAuth:
    """Gives tokens, and knows whose they are."""

    def __init__(self, gate: AxisGate, hands: Hands, settings: Settings) -> None:
        self._gate, self._hands, self._settings = gate, hands, settings

    async def give(self, request: Request) -> Response:
        """The endpoint."""
        if request.method != "GET":
            raise AxisForbidden(what="This")
        given = request.headers
        user = given.get("x-auth-user", "") or given.get("x-storage-user", "")
        key = given.get("x-auth-key", "") or given.get("x-storage-pass", "")
        address = request.client.host if request.client else "unknown"
        token, account = await self._hands.ask(self._issue, user, key, address)
        headers = {
            "X-Auth-Token": token,
            "X-Storage-Token": token,
            "X-Storage-Url": f"{self._base(request)}/v1/{account}",
            "X-Auth-Token-Expires": str(int(TOKEN_LIFE.total_seconds())),
            "Cache-Control": "no-store",
        }
        return Response(status_code=200, headers=headers)

    async def bearer(self, token: str, account: str) -> Bearer:
        """Who comes with a token; raises AxisTokenWrong."""
        return await self._hands.ask(self._bearer, token, account)

    def _bearer(self, token: str, account: str) -> Bearer:
        with self._gate.database.read() as tx:
            return bearer_of(tx, token, account, clock=self._gate.clock)

    def _issue(self, user: str, key: str, address: str) -> tuple[str, str]:
        clock = self._gate.clock
        with self._gate.database.read() as tx:
            found = credentials.check_credential(tx, user, key)
            reason, known = credentials.why_not(tx, user, key)
        if found is None:
            with self._gate.database.write() as tx:
                credentials.turned_away(tx, known, reason, address, clock=clock)
            raise AxisTokenWrong()
        with self._gate.database.write() as tx:
            token, connection = issue_token(tx, found, clock=clock)
            credentials.used(tx, found, address, clock=clock)
        return token, connection.id

    def _base(self, request: Request) -> str:
        """The door's address: as set, else as the client called it."""
        if self._settings.dock_url:
            return self._settings.dock_url.rstrip("/")
        return f"{request.url.scheme}://{request.headers.get('host', '')}"
