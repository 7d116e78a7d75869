"""The people of a trial as the casebook's entries make them: accounts, the roles they hold now, who is revoked."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from escalon.history.entry import SYSTEM, Entry
from escalon.history.events import (
    AccountOpened,
    AccountRevoked,
    RecoveryCodeSet,
    Role,
    RoleGranted,
    RoleWithdrawn,
    SecretSet,
)


@dataclass(frozen=True)
class Person:
    """One person's account. `secret` is the digest recorded when the password was last set."""

    account: str
    printed_name: str
    roles: frozenset[tuple[Role, str]] = frozenset()
    is_revoked: bool = False
    secret: str | None = None
    has_second_factor: bool = False
    secret_set_by: str = ""
    signing_key: str = ""
    """The person's own public key; empty before the first, and from a reset until they change the password."""
    keys: tuple[tuple[int, str], ...] = ()
    """Each key they have had, and the entry that made it theirs."""

    @property
    def resets(self) -> tuple[int, ...]:
        """The entries at which a key took over that the one before could not vouch for."""
        return tuple(number for number, _ in self.keys[1:])

    @property
    def must_change(self) -> bool:
        """Whether somebody else knows the password, because they set it; with such a one nobody signs."""
        return self.secret_set_by not in ("", self.account, SYSTEM)


@dataclass
class People:
    """Everyone who has, or ever had, an account, and the digest of the recovery code that counts."""

    by_account: dict[str, Person] = field(default_factory=dict)
    recovery: str = ""

    def get(self, account: str) -> Person | None:
        """The person of this account."""
        return self.by_account.get(account)

    def apply(self, entry: Entry) -> None:
        """Take one entry into account; entries about other things change nothing."""
        match entry.event:
            case AccountOpened(account=account, printed_name=name):
                self.by_account[account] = Person(account, name)
            case RoleGranted(account=account, held=role, at_site=site):
                self._change(account, roles=self.by_account[account].roles | {(role, site)})
            case RoleWithdrawn(account=account, held=role, at_site=site):
                self._change(account, roles=self.by_account[account].roles - {(role, site)})
            case AccountRevoked(account=account):
                self._change(account, is_revoked=True)
            case SecretSet(account=account, digest=digest, second_factor=second, signing_key=key):
                had = self.by_account[account].keys
                keys = (*had, (entry.number, key)) if key and key not in [one for _, one in had[-1:]] else had
                self._change(account, secret=digest, has_second_factor=second, secret_set_by=entry.author.person)
                self._change(account, signing_key=key, keys=keys)
            case RecoveryCodeSet(digest=digest):
                self.recovery = digest

    def _change(self, account: str, **changes: object) -> None:
        self.by_account[account] = replace(self.by_account[account], **changes)  # type: ignore[arg-type]
