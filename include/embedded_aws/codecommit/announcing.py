"""CodeCommit's events (CodeCommit user guide, "Monitoring CodeCommit events in Amazon EventBridge")."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedded_aws.codecommit.metadata import arn_of, metadata_of

if TYPE_CHECKING:
    from embedded_aws.events import Bus
    from embedded_aws.git.places import Places
    from embedded_aws.git.received import Update

_KINDS = {"refs/heads/": "branch", "refs/tags/": "tag"}


@dataclass(frozen=True, kw_only=True)
class Announcements:
    """Tells EventBridge which references of a repository have changed."""

    places: Places
    bus: Bus

    def of_push(self, path: str, updates: list[Update]) -> None:
        """Announce what a push to the repository at a path of the gateway changed; only CodeCommit's are."""
        place = self.places.codecommit_at(path)
        if place is None:
            return
        account, region, name = place
        for update in updates:
            self.announce(account, region, name, update)

    def announce(self, account: str, region: str, name: str, update: Update) -> None:
        """Announce one change of one repository."""
        start = next((start for start in _KINDS if update.name.startswith(start)), None)
        if start is None:
            return
        repository = self.places.codecommit(account, region, name)
        detail = {
            "event": _event(update),
            "repositoryName": name,
            "repositoryId": metadata_of(repository).id,
            "referenceType": _KINDS[start],
            "referenceName": update.name.removeprefix(start),
            "referenceFullName": update.name,
            "commitId": update.after,
            "oldCommitId": update.before,
            "callerUserArn": f"arn:aws:iam::{account}:root",
        }
        self.bus.put(
            account=account,
            region=region,
            source="aws.codecommit",
            detail_type="CodeCommit Repository State Change",
            resource=arn_of(account, region, name),
            detail={key: value for key, value in detail.items() if value is not None},
        )


def _event(update: Update) -> str:
    if update.after is None:
        return "referenceDeleted"
    return "referenceCreated" if update.before is None else "referenceUpdated"
