"""A real S3 server on this machine: OpenStack Swift with its s3api, one device, one replica.

    python tests/simulators/s3_server.py VENV [FOLDER]      runs one until Ctrl-C and prints the settings to use it

VENV is a virtual environment with Swift in it (`python3 -m venv VENV && VENV/bin/pip install swift`). Swift is a
distributed store in production use, here with all its servers on 127.0.0.1. Standard library only.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

KEY, SECRET = "test:tester", "testing"
KINDS = ("account", "container", "object")

SWIFT_CONF = """
[swift-hash]
swift_hash_path_suffix = {suffix}
swift_hash_path_prefix = test
[storage-policy:0]
name = one
default = yes
"""

BACKEND_CONF = """
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
workers = 0
user = {user}
swift_dir = {folder}/etc
devices = {folder}/dev
mount_check = false
log_name = {kind}
log_address = {folder}/nolog
recon_cache_path = {folder}/cache
[pipeline:main]
pipeline = {kind}-server
[app:{kind}-server]
use = egg:swift#{kind}
"""

PROXY_CONF = """
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
workers = 0
user = {user}
swift_dir = {folder}/etc
log_address = {folder}/nolog
[pipeline:main]
pipeline = catch_errors gatekeeper healthcheck cache listing_formats s3api tempauth bulk slo symlink versioned_writes \
proxy-logging proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:healthcheck]
use = egg:swift#healthcheck
[filter:cache]
use = egg:swift#memcache
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
s3_acl = false
dns_compliant_bucket_names = true
check_bucket_owner = false
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
[filter:bulk]
use = egg:swift#bulk
[filter:slo]
use = egg:swift#slo
[filter:symlink]
use = egg:swift#symlink
[filter:versioned_writes]
use = egg:swift#versioned_writes
allow_object_versioning = true
[filter:proxy-logging]
use = egg:swift#proxy_logging
"""


class S3Server:
    """A running server. Buckets are made with `make_bucket`; `stop` ends its processes, the folder stays."""

    def __init__(self, venv: Path, folder: Path) -> None:
        self.folder = folder
        self.port, *others = _free_ports(4)
        self._processes: list[subprocess.Popen[bytes]] = []
        for name in ("etc", "dev/d1", "run", "cache"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        values = {"folder": folder, "user": pwd.getpwuid(os.getuid()).pw_name, "suffix": secrets.token_hex(16)}
        (folder / "etc/swift.conf").write_text(SWIFT_CONF.format(**values))
        for kind, port in zip(KINDS, others, strict=True):
            self._make_ring(venv, kind, port)
            (folder / f"etc/{kind}-server.conf").write_text(BACKEND_CONF.format(kind=kind, port=port, **values))
        (folder / "etc/proxy-server.conf").write_text(PROXY_CONF.format(port=self.port, **values))
        try:
            for kind in (*KINDS, "proxy"):
                self._start(venv, kind)
            self._await_service()
        except BaseException:
            self.stop()
            raise

    @property
    def endpoint(self) -> str:
        """The address of the S3 service."""
        return f"http://127.0.0.1:{self.port}"

    def make_bucket(self, name: str) -> None:
        """Make a bucket."""
        self._ask("PUT", f"/{name}")

    def unfinished_uploads(self, bucket: str) -> list[str]:
        """The keys of uploads in parts that were begun and neither completed nor given up."""
        return re.findall(r"<Key>(.*?)</Key>", self._ask("GET", f"/{bucket}", "uploads=").decode())

    def stop(self) -> None:
        """End the processes that were started here."""
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._processes.clear()

    def _make_ring(self, venv: Path, kind: str, port: int) -> None:
        builder = [venv / "bin/swift-ring-builder", f"{kind}.builder"]
        for step in (["create", "6", "1", "1"], ["add", f"r1z1-127.0.0.1:{port}/d1", "1"], ["rebalance"]):
            subprocess.run([*builder, *step], cwd=self.folder / "etc", check=True, stdout=subprocess.DEVNULL)

    def _start(self, venv: Path, kind: str) -> None:
        with (self.folder / f"run/{kind}.out").open("wb") as out:
            command = [venv / f"bin/swift-{kind}-server", self.folder / f"etc/{kind}-server.conf"]
            self._processes.append(subprocess.Popen(command, stdout=out, stderr=out))

    def _await_service(self) -> None:
        reason: Exception | None = None
        for _ in range(150):
            for process in self._processes:
                if process.poll() is not None:
                    raise RuntimeError(f"{process.args} ended with {process.returncode}; see {self.folder / 'run'}")
            try:
                self._ask("GET", "/")  # lists the buckets, so it needs every server behind it
                return
            except OSError as error:
                reason = error
                time.sleep(0.2)
        raise RuntimeError(f"the S3 server did not serve within 30 seconds: {reason}")

    def _ask(self, method: str, path: str, query: str = "") -> bytes:
        """One signed request (AWS Signature Version 4)."""
        now = time.gmtime()
        stamp, day = time.strftime("%Y%m%dT%H%M%SZ", now), time.strftime("%Y%m%d", now)
        headers = {
            "host": f"127.0.0.1:{self.port}",
            "x-amz-content-sha256": hashlib.sha256(b"").hexdigest(),
            "x-amz-date": stamp,
        }
        signed = ";".join(headers)
        lines = [method, path, query, *(f"{name}:{value}" for name, value in headers.items()), "", signed]
        request = "\n".join([*lines, headers["x-amz-content-sha256"]])
        scope = f"{day}/us-east-1/s3/aws4_request"
        text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
        key = b"AWS4" + SECRET.encode()
        for part in scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        signature = hmac.digest(key, text.encode(), "sha256").hex()
        headers["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={KEY}/{scope}, SignedHeaders={signed}, Signature={signature}"
        )
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, f"{path}?{query}" if query else path, headers=headers)
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        if answer.status >= 300:
            raise OSError(f"{method} {path}: {answer.status} {body[:200]!r}")
        return body


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def main() -> int:
    """Run a server until Ctrl-C."""
    if len(sys.argv) not in (2, 3):
        print(__doc__, file=sys.stderr)
        return 2
    folder = Path(sys.argv[2] if len(sys.argv) == 3 else tempfile.mkdtemp(prefix="candor-s3-")).absolute()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    server = None
    try:
        server = S3Server(Path(sys.argv[1]).absolute(), folder)
        server.make_bucket("footage")
        print("export CANDOR_TEST_S3_URL=s3://footage/test")
        print(f"export CANDOR_S3_ENDPOINT={server.endpoint} CANDOR_S3_ACCESS_KEY={KEY} CANDOR_S3_SECRET_KEY={SECRET}")
        sys.stdout.flush()
        signal.pause()
    except KeyboardInterrupt:
        print("stopping", file=sys.stderr)
    finally:
        if server is not None:
            server.stop()
        if len(sys.argv) == 2:
            shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
