"""People who may use the casebook: accounts, roles, and the keys and passwords that go with them (never the secrets)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from escalon.history.events.event import Event

EVERY_SITE = "*"
"""A role granted here holds at every site."""


class Role(StrEnum):
    """What a person may be in a trial. One account may hold several roles, each at its sites."""

    COORDINATOR = "coordinator"
    INVESTIGATOR = "investigator"
    CELL_LAB = "cell lab"
    STATISTICIAN = "statistician"
    COMMITTEE = "committee"
    MONITOR = "monitor"
    ADMINISTRATOR = "administrator"


@dataclass(frozen=True, kw_only=True)
class AccountOpened(Event):
    """An account was opened for one person; its name is never given to another, even after it is revoked."""

    account: str
    printed_name: str
    own_command: ClassVar[str] = "escalon user add"
    says: ClassVar[str] = "account {account} opened for {printed_name}"


@dataclass(frozen=True, kw_only=True)
class RoleGranted(Event):
    """A person was given a role at a site, or at every site (`*`)."""

    account: str
    held: Role
    at_site: str
    own_command: ClassVar[str] = "escalon user grant"

    @property
    def what(self) -> str:
        """Who holds what, where."""
        return f"{self.account} is {self.held} at {'every site' if self.at_site == EVERY_SITE else self.at_site}"


@dataclass(frozen=True, kw_only=True)
class RoleWithdrawn(Event):
    """A person no longer holds a role at a site."""

    account: str
    held: Role
    at_site: str
    needs_reason: ClassVar[bool] = True
    own_command: ClassVar[str] = "escalon user withdraw"


@dataclass(frozen=True, kw_only=True)
class AccountRevoked(Event):
    """A person may no longer sign in; open sessions end at once."""

    account: str
    needs_reason: ClassVar[bool] = True
    own_command: ClassVar[str] = "escalon user revoke"


@dataclass(frozen=True, kw_only=True)
class AccountLocked(Event):
    """Too many wrong passwords; the account is locked for a while."""

    account: str
    failures: int
    own_command: ClassVar[str] = "signing in"


@dataclass(frozen=True, kw_only=True)
class SecretSet(Event):
    """A password (and perhaps a second factor) was set; `digest` is of the stored verifier, so a swapped one shows."""

    account: str
    digest: str
    second_factor: bool = False
    with_whom: str = ""
    """The second person of a reset."""
    signing_key: str = ""
    """The person's own public key; none while somebody else knows the password."""
    own_command: ClassVar[str] = "escalon user password"


@dataclass(frozen=True, kw_only=True)
class RecoveryCodeSet(Event):
    """A code was made that an administrator can use once to set a forgotten password; only its digest is recorded."""

    digest: str
    own_command: ClassVar[str] = "escalon user recover"
