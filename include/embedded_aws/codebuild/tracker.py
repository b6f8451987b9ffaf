"""Follows a build through its phases, in the store."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from embedded_aws.codebuild.model import SUCCEEDED, Phase, PhaseContext

if TYPE_CHECKING:
    from embedded_aws.codebuild.model import Build, Record
    from embedded_aws.codebuild.store import Store
    from embedded_aws.errors import BuildError


class Tracker:
    """The one writer of a build's record while the build lives."""

    def __init__(self, *, store: Store, record: Record) -> None:
        self._store = store
        self.record = record

    @property
    def build(self) -> Build:
        """The build as it is now."""
        return self.record.build

    def update(self, **changes: Any) -> None:
        """Change members of the build."""
        self.record = replace(self.record, build=replace(self.build, **changes))
        self._store.put_build(self.record)

    def begin(self, phase: str) -> None:
        """Enter a phase."""
        entered = Phase(phase_type=phase, start_time=time.time())
        self.update(current_phase=phase, phases=(*self.build.phases, entered))

    def end(self, status: str = SUCCEEDED, error: BuildError | None = None) -> None:
        """Leave the phase the build is in; when it is in none, nothing happens."""
        *before, last = self.build.phases or (None,)
        if last is None or last.phase_status is not None:
            return
        now = time.time()
        contexts = (PhaseContext(status_code=error.code, message=error.message),) if error else ()
        left = replace(
            last,
            phase_status=status,
            end_time=now,
            duration_in_seconds=int(now - last.start_time),
            contexts=contexts,
        )
        self.update(phases=(*before, left))

    def complete(self, status: str) -> None:
        """End the build: as the last of its phases that did not fail, COMPLETED has no status of its own."""
        now = time.time()
        completed = Phase(phase_type="COMPLETED", start_time=now)
        self.update(
            build_complete=True,
            build_status=status,
            current_phase="COMPLETED",
            end_time=now,
            phases=(*self.build.phases, completed),
        )
