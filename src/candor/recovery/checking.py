"""Looking whether a backup is whole: every file, every object, without restoring anything."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from candor.recovery.copying import hash_of
from candor.recovery.errors import BackupAltered, BackupHalf
from candor.recovery.inventory import Item
from candor.recovery.manifest import Manifest
from candor.recovery.opening import key_of
from candor.recovery.place import BackupFiles, BackupPlace
from candor.store import KeyRing
from candor.store.errors import TombstoneAltered

__all__ = ["CheckResult", "check_backup"]


@dataclass(frozen=True)
class CheckResult:
    """What was found. `objects`: that the backup needs; `read`: that were read back; `destroyed`: of those it names,
    how many were destroyed on purpose since; `opened`: whether its encrypted files were opened with the key at hand;
    `findings`: in words, each thing that is wrong."""

    manifest: Manifest
    objects: int
    read: int
    destroyed: int
    opened: bool
    findings: tuple[str, ...]


def check_backup(
    place: BackupPlace,
    manifest: Manifest,
    keys: KeyRing | None,
    *,
    sample: int | None = None,
    moved: Callable[[int], None] = lambda count: None,
) -> CheckResult:
    """Check a backup: every file of it against the manifest, every object for its presence and size, and the SHA-256
    of all objects, or of `sample` taken by chance. With the key-encryption keys its encrypted files are opened too.

    What is wrong is a finding, not an error. Raises StoreUnreachable, BackupKeyWrong.
    """
    key = key_of(manifest, keys) if keys is not None and keys.has(manifest.epoch) else None
    files = BackupFiles(place, manifest.id, manifest.folder, key)
    findings = _files(manifest, files, key)
    items: list[Item] = []
    try:
        items = list(files.items(manifest.files))
    except (BackupAltered, BackupHalf) as error:
        findings.append(str(error))
    gone: set[str] = set()
    try:
        gone = {one for stone in (place.tombstones.read(keys) if keys else []) for one in stone.object_ids}
    except TombstoneAltered as error:
        findings.append(str(error))
    there = {one.object_id: one.size for one in place.objects.list()}
    wanted = [item for item in items if item.object_id not in gone]
    present = []
    for item in wanted:
        if there.get(item.object_id) is None:
            findings.append(f"the object {item.object_id} is not there")
        elif there[item.object_id] != item.size:
            findings.append(f"the object {item.object_id} has {there[item.object_id]} bytes, not {item.size}")
        else:
            present.append(item)
    chosen = present if sample is None or sample >= len(present) else random.sample(present, sample)
    for item in chosen:
        if hash_of(place.objects, item.object_id, moved) != item.sha256:
            findings.append(f"the object {item.object_id} has another SHA-256 than when it was copied")
    return CheckResult(manifest, len(items), len(chosen), len(items) - len(wanted), key is not None, tuple(findings))


def _files(manifest: Manifest, files: BackupFiles, key: bytes | None) -> list[str]:
    findings = []
    if key is not None:
        try:
            manifest.must_be_sealed_by(key)
        except BackupAltered as error:
            findings.append(str(error))
    for entry in manifest.files:
        try:
            if key is not None and entry.name.startswith(("database-", "secrets")):
                files.get_sealed(entry)
            else:
                files.get(entry)
        except (BackupAltered, BackupHalf) as error:
            findings.append(str(error))
    return findings
