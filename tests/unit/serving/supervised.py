"""Airflow's supervisor as a task sees it: runs in memory."""

from __future__ import annotations

from airflow.sdk.exceptions import AirflowRuntimeError, ErrorType
from airflow.sdk.execution_time.comms import DRCount, ErrorResponse, OKResponse, TriggerDagRun


class Supervisor:
    """Creates runs; a run id that is taken and a date that is taken it answers differently, as Airflow does.

    :param busy: the first so many dates are another run's.
    :param lost: whether the answer to a start is lost once the run is there.
    :param knows: whether it knows the DAGs.
    """

    def __init__(self, *, busy: int = 0, lost: bool = False, knows: bool = True) -> None:
        self.runs: dict[tuple[str, str], TriggerDagRun] = {}
        self.taken = []
        self.busy, self.lost, self.knows = busy, lost, knows

    def send(self, message):
        if not isinstance(message, TriggerDagRun):
            wanted = {(message.dag_id, run) for run in message.run_ids or ()}
            dates = [date for date in message.logical_dates or () if date in self.taken]
            return DRCount(count=len(self.runs.keys() & wanted) + len(dates))
        if not self.knows:
            raise AirflowRuntimeError(ErrorResponse(error=ErrorType.API_SERVER_ERROR))
        key = message.dag_id, message.run_id
        if key in self.runs:
            return ErrorResponse(error=ErrorType.DAGRUN_ALREADY_EXISTS)
        if len(self.taken) < self.busy:
            self.taken.append(message.logical_date)
            raise AirflowRuntimeError(ErrorResponse(error=ErrorType.GENERIC_ERROR))
        self.runs[key] = message
        if self.lost:
            raise AirflowRuntimeError(ErrorResponse(error=ErrorType.GENERIC_ERROR))
        return OKResponse(ok=True)
