"""A vault in a folder, with a keyring of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from candor.core.clock import FixedClock
from candor.store import KeyRing, ObjectStore, SealedObject, Vault, create_keyring
from candor.store.folder import FolderStore


@pytest.fixture
def keys_folder(tmp_path: Path) -> Path:
    """A folder with a key-encryption key."""
    folder = tmp_path / "keys"
    create_keyring(folder)
    return folder


@pytest.fixture
def folder_store(tmp_path: Path) -> FolderStore:
    """An empty store in a folder."""
    return FolderStore(tmp_path / "footage")


@pytest.fixture
def vault(folder_store: ObjectStore, keys_folder: Path, fixed_clock: FixedClock) -> Vault:
    """A vault on that store."""
    return Vault(folder_store, KeyRing.load(keys_folder), fixed_clock)


@pytest.fixture
def seal(vault: Vault) -> Callable[..., SealedObject]:
    """Seals bytes as one object."""

    def _seal(content: bytes, kind: str = "original") -> SealedObject:
        with vault.writer(kind) as writer:
            writer.write(content)
            return writer.finish()

    return _seal


@pytest.fixture
def footage() -> Callable[[int], bytes]:
    """Bytes that look random but are always the same, and in which no two places are alike."""

    def _footage(size: int) -> bytes:
        return hashlib.shake_256(b"footage").digest(size)

    return _footage
