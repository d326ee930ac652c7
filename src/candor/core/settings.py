"""Settings: one typed object, from `CANDOR_*` environment variables and an optional `candor.toml`.

The environment wins over the file. Every setting stands in docs/reference/settings.md, or a test fails.
"""

from __future__ import annotations

import ipaddress
import os
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from candor.core.errors import SettingsWrong
from candor.core.mail_server import MailServer, is_address
from candor.core.portal_settings import PortalLimits


class _Environment(EnvSettingsSource):
    """The environment's variables. Only settings that stand there are looked at: what the library does for each one
    that it knows, whether it stands there or not, takes four fifths of the time of reading the settings."""

    def __call__(self) -> dict[str, Any]:
        found = {}
        for name, field in self.settings_cls.model_fields.items():
            variable = f"{self.env_prefix}{name}"
            if self.env_vars.get(variable.lower()) is None:
                continue
            value, key, is_complex = self.get_field_value(field, name)
            try:
                value = self.prepare_field_value(name, field, value, is_complex)
            except ValueError as error:
                reason = f"""{variable.upper()} is no list as JSON writes one, such as ["one", "another"]"""
                raise SettingsWrong(reason=reason) from error
            if value is not None:
                found[key] = value
        return found


class Settings(BaseSettings):
    """All settings of one installation. Paths are made absolute when read."""

    model_config = SettingsConfigDict(env_prefix="CANDOR_", extra="ignore", frozen=True)

    home: Path = Field(
        default=Path("~/.local/share/candor"),
        description="The folder of the embedded default: database, footage, log tiles, spool.",
    )
    keys: Path | None = Field(
        default=None,
        description="The folder of the secret keys, never inside CANDOR_HOME and never in the same backup. "
        "Default: CANDOR_HOME with '-keys' added to its name.",
    )
    database_url: str | None = Field(
        default=None, description="SQLAlchemy URL. Default: an SQLite file in CANDOR_HOME."
    )
    store_url: str | None = Field(
        default=None, description="Where footage lies: a file path or s3://bucket/prefix. Default: in CANDOR_HOME."
    )
    s3_endpoint: str | None = Field(default=None, description="Endpoint of an S3 store other than Amazon's.")
    s3_region: str = Field(default="us-east-1", description="Region of the S3 store.")
    s3_access_key: str | None = Field(default=None, description="Access key of the S3 store.")
    s3_secret_key: str | None = Field(default=None, description="Secret key of the S3 store.")
    backup: str | None = Field(
        default=None,
        description="Where `candor backup` puts backups: a folder on another disk or machine, or s3://bucket/prefix.",
    )
    backup_s3_endpoint: str | None = Field(
        default=None, description="Endpoint of the backup's S3 store. Default: CANDOR_S3_ENDPOINT."
    )
    backup_s3_region: str | None = Field(
        default=None, description="Region of the backup's S3 store. Default: CANDOR_S3_REGION."
    )
    backup_s3_access_key: str | None = Field(
        default=None, description="Access key of the backup's S3 store. Default: CANDOR_S3_ACCESS_KEY."
    )
    backup_s3_secret_key: str | None = Field(
        default=None, description="Secret key of the backup's S3 store. Default: CANDOR_S3_SECRET_KEY."
    )
    archive_url: str | None = Field(
        default=None,
        description="Where footage goes that nobody opened for long: a folder on slower disks, or s3://bucket/prefix "
        "with the access of the store. It must answer reads. Default: nothing is archived.",
    )
    archive_after_days: int = Field(
        default=180, ge=1, description="So many days after it came in, or was opened last, footage goes to the archive."
    )
    archive_return_hours: int = Field(
        default=12,
        ge=1,
        description="How long bringing footage back from the archive takes at most, as people are told.",
    )
    spool: Path | None = Field(
        default=None,
        description="Folder for temporary files of renditions being made; may be a memory file system. "
        "Default: CANDOR_HOME/spool.",
    )
    log_origin: str | None = Field(
        default=None,
        description="Name of the custody log, as a URL without scheme, fixed once the log exists. Default: the host of "
        "CANDOR_PUBLIC_URL and /log, else a random name.",
    )
    log_interval: float = Field(
        default=0.2, gt=0, le=60, description="Longest wait in seconds before waiting events are integrated."
    )
    witnesses: tuple[str, ...] = Field(
        default=(),
        description="Witnesses asked to cosign, each 'VKEY URL'; several as a JSON list in the environment.",
    )
    witness_quorum: int = Field(
        default=0, ge=0, description="How many of the witnesses must cosign; 0 means none is required."
    )
    host: str = Field(default="127.0.0.1", description="Address that `candor serve` listens on.")
    port: int = Field(default=8642, ge=0, le=65535, description="Port that `candor serve` listens on.")
    public_url: str | None = Field(
        default=None,
        description="The address under which people reach the site; https also makes cookies secure.",
    )
    trusted_proxies: str = Field(
        default="127.0.0.1",
        description="Addresses or networks of the proxies, separated by commas, that are believed about where requests "
        "come from. Counts when CANDOR_PUBLIC_URL is set.",
    )
    session_idle_minutes: int = Field(default=60, ge=1, description="A session ends after so many idle minutes.")
    session_hours: int = Field(default=12, ge=1, description="A session ends after so many hours in any case.")
    password_list: Path | None = Field(
        default=None,
        description="File of passwords that nobody may use, one to a line, as text or as SHA-1 (a list of breaches).",
    )
    max_upload_gib: int = Field(default=64, ge=1, description="Largest file taken in through the browser, in GiB.")
    jobs_slots: int = Field(default=2, ge=1, le=64, description="How many jobs one process runs at a time.")

    # Where cameras hand over what they hold.
    dock_host: str = Field(default="127.0.0.1", description="Address that the door for cameras listens on.")
    dock_port: int | None = Field(
        default=None, ge=0, le=65535, description="Port of the door for cameras, beside the site's. Not set: no door."
    )
    dock_url: str | None = Field(
        default=None,
        pattern="^https?://",
        description="The address under which camera systems reach that door. Default: its address and port.",
    )
    dock_tls_certificate: Path | None = Field(
        default=None, description="PEM file of the door's certificate and what it was signed by; with it, https."
    )
    dock_tls_key: Path | None = Field(default=None, description="PEM file of that certificate's private key.")
    device_trust: Path | None = Field(
        default=None,
        description="Folder of PEM certificates of the makers whose cameras' signatures are trusted here.",
    )
    upload_days: int = Field(default=14, ge=1, le=365, description="Days an unfinished upload can be gone on with.")
    upload_gib_per_person: int = Field(
        default=128, ge=1, description="GiB that one person's unfinished uploads may take together."
    )

    # What people have to do with cameras and recordings.
    categorise_within_hours: int = Field(
        default=72,
        ge=0,
        le=2160,
        description="Hours after which whoever wore the camera is reminded of recordings without a category; 0: never.",
    )
    duty_shift_hours: int = Field(
        default=12,
        ge=1,
        le=72,
        description="Hours for which a test of a camera counts, and after which its next recording begins a shift.",
    )
    duty_prompt_hours: int = Field(
        default=24,
        ge=1,
        le=720,
        description="Hours that “as soon as practicable” is here, where the law names no period for a duty.",
    )

    # Limited processes, in which files from outside are examined.
    limited_pool: int = Field(
        default=2, ge=0, le=16, description="How many kinds of examining processes are kept ready; 0: none."
    )
    limited_at_once: int | None = Field(
        default=None, ge=2, le=256, description="How many files one process of Candor has examined at a time."
    )
    limited_memory_mib: int | None = Field(
        default=None, ge=1024, description="Memory that those examinations may be allowed together, in MiB."
    )

    # Writing out what is said.
    whisper_model: Path | None = Field(
        default=None,
        description="Folder of a model of the Whisper family, as CTranslate2 converts it, "
        "that writes out what is said.",
    )
    transcriber: Literal["whisper", "rough", "none"] | None = Field(
        default=None,
        description="How that is done when nobody chooses: with that model, roughly, or not at all "
        "(only where somebody speaks). Not set: with the model where one is named, else not at all.",
    )

    # What finds what is to be redacted.
    detection_threads: int = Field(
        default=1,
        ge=1,
        le=64,
        description="Processor threads that one stretch of footage takes for finding faces and plates.",
    )

    # What is kept, and what is destroyed.
    retention_pause_days: int = Field(
        default=14,
        ge=0,
        le=365,
        description="Days after a change of law or policy in which nothing is destroyed by schedule.",
    )
    retention_recycle_days: int = Field(
        default=30, ge=0, le=365, description="Days between the approval of a disposition and its run."
    )

    # Requests for records.
    office_contact: str = Field(
        default="",
        max_length=500,
        description="How to reach the records office, on letters: lines separated by |, such as street, telephone, "
        "mail address.",
    )

    # The pages for everybody, and what is published there.
    portal_port: int | None = Field(
        default=None, ge=0, le=65535, description="Port of the portal, a process of its own. Not set: no portal."
    )
    portal_host: str = Field(default="127.0.0.1", description="Address that the portal listens on.")
    portal_url: str | None = Field(
        default=None,
        pattern="^https?://",
        description="The address under which everybody reaches the portal; https also makes its cookies secure.",
    )
    portal_log: Path | None = Field(
        default=None,
        description="Folder of the custody log's public files as the portal reads them. Default: CANDOR_HOME/log.",
    )
    portal_limits: str = Field(
        default="",
        description="How much may come in by the portal, where it differs: sent, tries, waiting, megabytes, files, "
        "file_megabytes, hourly, each as name=number.",
    )
    published_url: str | None = Field(
        default=None,
        description="SQLAlchemy URL of the published database. Default: an SQLite file in CANDOR_HOME/published.",
    )
    published_files: Path | None = Field(
        default=None, description="Folder of published files. Default: CANDOR_HOME/published/files."
    )
    inbox_url: str | None = Field(
        default=None,
        description="SQLAlchemy URL of the portal's inbox. Default: an SQLite file in CANDOR_HOME/published/inbox.",
    )

    # What the program says of itself.
    log_format: Literal["text", "json"] = Field(default="text", description="Form of the program's own log.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="warning", description="What the program's own log begins with."
    )
    metrics: bool = Field(default=False, description="Serve metrics for Prometheus at /metrics.")
    metrics_token: str | None = Field(
        default=None, min_length=16, description="Bearer token that reads /metrics from other machines."
    )
    otlp_endpoint: str | None = Field(
        default=None,
        pattern="^https?://",
        description="Address of an OpenTelemetry collector (OTLP over HTTP) that gets traces.",
    )

    # Notices by mail.
    smtp_url: str | None = Field(
        default=None,
        description="The mail server: smtp://, smtp+starttls:// or smtps://, then user:password@host:port.",
    )
    smtp_ca: Path | None = Field(
        default=None,
        description="PEM file of the authority that signed the mail server's certificate. Default: the system's.",
    )
    mail_from: str | None = Field(default=None, description="The address that mails come from.")
    alert_mail: str = Field(
        default="",
        description="Addresses, separated by commas, that get a mail when the database itself fails.",
    )

    @field_validator("smtp_url")
    @classmethod
    def _mail_server(cls, value: str | None) -> str | None:
        if value is not None:
            MailServer.parse(value)
        return value

    @field_validator("mail_from")
    @classmethod
    def _sender(cls, value: str | None) -> str | None:
        if value is not None and not is_address(value):
            raise ValueError("this is not an e-mail address")
        return value

    @field_validator("alert_mail")
    @classmethod
    def _alerted(cls, value: str) -> str:
        found = [one.strip() for one in value.split(",") if one.strip()]
        for one in found:
            if not is_address(one):
                raise ValueError(f"{one!r} is not an e-mail address")
        return ",".join(found)

    @field_validator("portal_limits")
    @classmethod
    def _portal_limits(cls, value: str) -> str:
        PortalLimits.parse(value)
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _proxies(cls, value: str) -> str:
        """Only addresses and networks: a name, or everybody, would let anyone say where they come from."""
        found = [one.strip() for one in value.split(",") if one.strip()]
        for one in found:
            if ipaddress.ip_network(one).prefixlen == 0:
                raise ValueError(f"{one} would believe everybody")
        return ",".join(found)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments before environment before candor.toml (in CANDOR_CONFIG, else the working folder)."""
        file = Path(os.environ.get("CANDOR_CONFIG", "candor.toml"))
        return init_settings, _Environment(settings_cls), TomlConfigSettingsSource(settings_cls, toml_file=file)

    @classmethod
    def load(cls, **given: Any) -> Settings:
        """Read the settings; raises SettingsWrong with the name of what is wrong."""
        try:
            settings = cls(**given)
        except ValidationError as error:
            first = error.errors()[0]
            name = "CANDOR_" + "_".join(str(part) for part in first["loc"]).upper()
            raise SettingsWrong(reason=f"{name}: {first['msg']}") from error
        if settings.smtp_url is not None and settings.mail_from is None:
            raise SettingsWrong(reason="CANDOR_SMTP_URL is set and CANDOR_MAIL_FROM is not; mail needs a sender")
        home = settings.home.expanduser().absolute()
        keys = (settings.keys or home.with_name(home.name + "-keys")).expanduser().absolute()
        if keys == home or home in keys.parents:
            raise SettingsWrong(reason=f"CANDOR_KEYS ({keys}) lies inside CANDOR_HOME, so one backup would hold both")
        spool = (settings.spool or home / "spool").expanduser().absolute()
        return settings.model_copy(update={"home": home, "keys": keys, "spool": spool})

    @property
    def keys_folder(self) -> Path:
        """The folder of the secret keys."""
        assert self.keys is not None, "settings come from Settings.load()"
        return self.keys

    @property
    def spool_folder(self) -> Path:
        """The folder of temporary files."""
        assert self.spool is not None, "settings come from Settings.load()"
        return self.spool

    @property
    def database(self) -> str:
        """The database's URL."""
        return self.database_url or f"sqlite:///{self.home / 'candor.sqlite3'}"

    @property
    def store(self) -> str:
        """Where footage lies."""
        return self.store_url or str(self.home / "footage")

    @property
    def log_folder(self) -> Path:
        """The folder of the log's static files."""
        return self.home / "log"

    @property
    def published_database(self) -> str:
        """URL of the published database."""
        return self.published_url or f"sqlite:///{self.home / 'published' / 'published.sqlite3'}"

    @property
    def published_folder(self) -> Path:
        """The folder of published files."""
        return (self.published_files or self.home / "published" / "files").expanduser().absolute()

    @property
    def inbox_database(self) -> str:
        """URL of the portal's inbox."""
        return self.inbox_url or f"sqlite:///{self.home / 'published' / 'inbox' / 'inbox.sqlite3'}"
