"""Resumable upload against a plain PUT of the same file, and against the vault's own rate, in one run.

    python benchmarks/tus.py [--size 512MiB] [--folder DIR] [--rounds 3]

Three ways take turns, and the median of the rounds counts: a shared machine is not equally fast all the time.

- vault: the file is sealed and recorded in a process of its own, with no network (`Vault.seal`);
- put: a bare Starlette endpoint under uvicorn that seals its body and records it, and does nothing else;
- tus: `candor serve` as it is: authentication, row, lease, what is noted on the way, intake with its examination of the
  file, custody events. One PATCH.

The sender is the same for both (sendfile over loopback) and takes its share of the same processors. Goal: tus at 0.7 of
the vault's own rate.
"""

from __future__ import annotations

import argparse
import base64
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

GOAL = 0.7
UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


def main() -> int:
    """Run, print, and say by the exit code whether the goal was met."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--size", type=_bytes, default=512 << 20, help="size of the file, such as 1GiB (default 512MiB)"
    )
    parser.add_argument("--folder", type=Path, help="where to work; its file system is what is measured")
    parser.add_argument("--rounds", type=int, default=3, help="rounds, of which the median counts (default 3)")
    parser.add_argument("--role", nargs=3, metavar=("WHAT", "HOME", "ARGUMENT"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.role:
        return {"vault": _vault, "put": _serve_put, "prepare": _prepare}[given.role[0]](
            Path(given.role[1]), given.role[2]
        )
    with tempfile.TemporaryDirectory(prefix="candor-tus-", dir=given.folder) as folder:
        return _compare(Path(folder), given.size, given.rounds)


def _compare(folder: Path, size: int, rounds: int) -> int:
    print(f"{size >> 20:,} MiB of random bytes, {os.cpu_count()} cores, median of {rounds} rounds, in {folder}\n")
    took: dict[str, list[float]] = {"vault": [], "put": [], "tus": []}
    home = folder / "site"
    token = _run("prepare", home, "-").strip()
    with _server(folder / "put", None) as put, _server(home, "serve") as site:
        for number in range(rounds):
            source = folder / "source"
            _make_source(source, size)
            took["vault"].append(float(_run("vault", folder / f"vault-{number}", str(source))))
            shutil.rmtree(folder / f"vault-{number}")
            shutil.rmtree(folder / f"vault-{number}-keys")
            took["put"].append(_put(put, source))
            took["tus"].append(_tus(site, source, token))
            source.unlink()
    rates = {name: size / statistics.median(seconds) for name, seconds in took.items()}
    print(f"{'':>8}{'seconds':>12}{'MB/s':>10}{'of the vault':>16}")
    for name, seconds in took.items():
        share = rates[name] / rates["vault"]
        print(f"{name:>8}{statistics.median(seconds):>12.2f}{rates[name] / 1e6:>10.0f}{share:>16.2f}")
    met = rates["tus"] >= GOAL * rates["vault"]
    print(f"\ntus is {rates['tus'] / rates['put']:.2f} of the plain PUT.")
    print(f"Goal: {GOAL} of the vault's own rate. {'Goal met.' if met else 'GOAL MISSED.'}")
    return 0 if met else 1


def _run(role: str, home: Path, argument: str) -> str:
    command = [sys.executable, __file__, "--role", role, str(home), argument]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def _vault(home: Path, file: str) -> int:
    """Seal a file, and say how many seconds that took."""
    vault, database = _open_vault(home)
    began = time.perf_counter()
    with open(file, "rb", buffering=0) as source:
        sealed = vault.seal("original", source)
    with database.write() as tx:
        vault.record(tx, sealed)
    print(time.perf_counter() - began)
    return 0


def _open_vault(home: Path):
    from candor.core.database import Database
    from candor.core.settings import Settings
    from candor.migrations.models import metadata
    from candor.store import Vault, create_keyring

    settings = Settings.load(home=home, keys=home.with_name(home.name + "-keys"))
    create_keyring(settings.keys_folder)
    database = Database(settings.database)
    with database.write() as tx:
        metadata.create_all(tx)
    return Vault.from_settings(settings), database


def _serve_put(home: Path, port: str) -> int:
    """A bare endpoint that seals what is PUT to it."""
    import uvicorn
    from starlette.applications import Starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    vault, database = _open_vault(home)

    def record(writer):
        sealed = writer.finish()
        with database.write() as tx:
            vault.record(tx, sealed)
        return sealed

    async def put(request):
        writer, gathered = vault.writer("original"), bytearray()
        async for chunk in request.stream():
            gathered += chunk
            if len(gathered) >= 1 << 20:
                await run_in_threadpool(writer.write, bytes(gathered))
                gathered.clear()
        await run_in_threadpool(writer.write, bytes(gathered))
        sealed = await run_in_threadpool(record, writer)
        return JSONResponse({"sha256": sealed.sha256.hex()}, 201)

    app = Starlette(routes=[Route("/", put, methods=["PUT"])])
    uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="warning", lifespan="off")
    return 0


def _prepare(home: Path, _: str) -> int:
    """An installation with an agency and a program's token, which is printed."""
    from candor.core.settings import Settings
    from candor.installation import Installation
    from candor.people import passwords, service, service_accounts
    from candor.people.rules import Permission, Role
    from candor.people.service import NewAccount

    settings = Settings.load(home=home, keys=home.with_name(home.name + "-keys"))
    with Installation.open(settings, create=True) as here, here.database.write() as tx:
        hashed = passwords.hash_password("four unrelated quiet words")
        chief = NewAccount("chief", "Chief", [Role.ADMINISTRATOR], hashed)
        made = service.create_agency(tx, name="A", short_name="A", time_zone="UTC", administrator=chief)
        actor = service.actor_of(service.account(tx, made))
        account_id = service_accounts.create(
            tx, actor, sign_in_name="dock", display_name="Dock", roles=("evidence_technician",)
        )
        scopes = (Permission.RECORDINGS_TAKE_IN,)
        print(service_accounts.create_token(tx, actor, account_id, name="bench", scopes=scopes, days=1)[1])
    return 0


@contextmanager
def _server(home: Path, serve: str | None) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    keys = str(home.with_name(home.name + "-keys"))
    # What is made of a file afterwards is no part of taking it in, and random bytes have no viewing copies.
    environment = {**os.environ, "CANDOR_HOME": str(home), "CANDOR_KEYS": keys, "CANDOR_PORT": str(port)}
    command = [sys.executable, __file__, "--role", "put", str(home), str(port)]
    if serve:
        command = [sys.executable, "-c", "from candor.cli.main import main; main(['serve'])"]
    child = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield port
    finally:
        child.terminate()
        child.wait(30)


def _put(port: int, source: Path) -> float:
    began = time.perf_counter()
    answer = _request(port, "PUT /", {}, source)
    assert b" 201 " in answer[:20], answer
    return time.perf_counter() - began


def _tus(port: int, source: Path, token: str) -> float:
    began = time.perf_counter()
    who = {"Authorization": f"Bearer {token}", "Tus-Resumable": "1.0.0"}
    name = base64.b64encode(b"film.mp4").decode()
    size = source.stat().st_size
    answer = _request(port, "POST /upload/tus", {**who, "Upload-Length": str(size), "Upload-Metadata": f"name {name}"})
    where = re.search(rb"location: (\S+)", answer)
    assert where, answer
    more = {**who, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    answer = _request(port, f"PATCH {where[1].decode()}", more, source)
    assert b" 204 " in answer[:20], answer
    assert b"candor-upload-state: done" in answer, answer
    return time.perf_counter() - began


def _request(port: int, what: str, headers: dict[str, str], body: Path | None = None) -> bytes:
    size = body.stat().st_size if body else 0
    lines = [f"{what} HTTP/1.1", f"Host: 127.0.0.1:{port}", f"Content-Length: {size}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    with socket.create_connection(("127.0.0.1", port), timeout=600) as line:
        line.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        if body:
            with body.open("rb") as file:
                line.sendfile(file)
        answer = b""
        while data := line.recv(65536):
            answer += data
    return answer


def _make_source(path: Path, size: int) -> None:
    with path.open("wb") as file:
        while size > 0:
            size -= file.write(os.urandom(min(size, 8 << 20)))
        file.flush()
        os.fsync(file.fileno())


def _bytes(text: str) -> int:
    match = re.fullmatch(r"(\d+) ?([kmg]?)(?:i?b)?", text.strip().lower())
    if not match:
        raise argparse.ArgumentTypeError(f"{text!r} is no size such as 512MiB or 2GiB")
    return int(match[1]) * UNITS[match[2]]


if __name__ == "__main__":
    sys.exit(main())
