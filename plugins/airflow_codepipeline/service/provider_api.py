"""What a provider's message leaves out, asked of the provider's API: changed files, whole ids of commits.

Each provider is asked in its own way, and never at an address that a message gives: the connection's login
goes with the question.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from airflow_codepipeline.changes.git_change import MOST_FILES, distinct
from airflow_codepipeline.service.git_server import ProviderApiError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.changes.git_change import GitChange
    from airflow_codepipeline.service.git_server import GitServer


class ProviderApi(ABC):
    """The API of one provider.

    :param server: whose connection is used.
    """

    def __init__(self, server: GitServer) -> None:
        self._server = server

    @property
    @abstractmethod
    def address(self) -> str:
        """Where it is, by the connection."""

    @abstractmethod
    def files(self, change: GitChange) -> Iterator[str]:
        """Yield the files that a change changed, the first `MOST_FILES` of them at least.

        :raises ProviderApiError: it does not say.
        """

    @property
    def headers(self) -> dict[str, str]:
        """What logs in."""
        return self._server.bearer()

    def get(self, path: str, **parameters: str) -> Any:
        """Ask for something.

        :raises ProviderApiError: it is not given.
        """
        return self._server.ask("GET", self._url(path), self.headers, params=parameters)

    def send(self, method: str, path: str, content: Any = None) -> Any:
        """Change something.

        :param content: a JSON value; none: nothing is sent.
        :raises ProviderApiError: it is not changed.
        """
        body = {} if content is None else {"json": content}
        return self._server.ask(method, self._url(path), self.headers, **body)

    def _url(self, path: str) -> str:
        return f"{self._server.api or self.address}{path}"

    def whole_commit(self, change: GitChange) -> str:
        """Return the id of a change's commit in its whole length.

        :raises ProviderApiError: it is not given.
        """
        if change.is_abbreviated:
            raise ProviderApiError(f"{change.commit!r} is no whole id of a commit.")
        return change.commit


class GitHubApi(ProviderApi):
    """GitHub's, and GitHub Enterprise Server's: /pulls/{number}/files, /compare/{base}...{head}."""

    @property
    def address(self) -> str:
        """Where it is, by the connection."""
        server = self._server.login.server
        if server is None or server == "https://github.com":
            return "https://api.github.com"
        return f"{server}/api/v3"

    @property
    def headers(self) -> dict[str, str]:
        """What logs in, and what form the answer is to have."""
        return super().headers | {"Accept": "application/vnd.github+json"}

    def files(self, change: GitChange) -> Iterator[str]:
        """Yield the changed files; of a renamed one both names."""
        place = f"/repos/{quote(change.repository)}"
        if change.pull_request is not None:
            found = self.get(f"{place}/pulls/{change.pull_request.number}/files", per_page=str(MOST_FILES))
        else:
            found = self.get(f"{place}/compare/{change.before}...{change.commit}").get("files", [])
        for one in found:
            yield one["filename"]
            if one.get("previous_filename"):
                yield one["previous_filename"]


class GitLabApi(ProviderApi):
    """GitLab's: /merge_requests/{iid}/diffs, /repository/compare."""

    @property
    def address(self) -> str:
        """Where it is, by the connection."""
        return f"{self._server.login.server or 'https://gitlab.com'}/api/v4"

    def files(self, change: GitChange) -> Iterator[str]:
        """Yield the changed files; of a renamed one both names."""
        place = f"/projects/{quote(change.repository, safe='')}"
        if change.pull_request is not None:
            number = change.pull_request.number
            found = self.get(f"{place}/merge_requests/{number}/diffs", per_page=str(MOST_FILES))
        else:
            ends = {"from": change.before or "", "to": change.commit}
            found = self.get(f"{place}/repository/compare", **ends)["diffs"]
        for one in found:
            yield one["new_path"]
            yield one["old_path"]


class BitbucketApi(ProviderApi):
    """Bitbucket Cloud's: /diffstat, /commit."""

    @property
    def address(self) -> str:
        """Where it is: there is one for everybody."""
        return "https://api.bitbucket.org/2.0"

    @property
    def headers(self) -> dict[str, str]:
        """What logs in: an access token alone, or an app password with its user."""
        login = self._server.login
        if login.user and login.user != "x-token-auth" and login.password:
            return self._server.basic(login.user)
        return super().headers

    def files(self, change: GitChange) -> Iterator[str]:
        """Yield the changed files; of a renamed one both names."""
        place = f"/repositories/{quote(change.repository)}"
        if change.pull_request is not None:
            path = f"{place}/pullrequests/{change.pull_request.number}/diffstat"
        else:
            path = f"{place}/diffstat/{change.commit}..{change.before}"
        for one in self.get(path, pagelen=str(MOST_FILES))["values"]:
            yield from (end["path"] for end in (one.get("new"), one.get("old")) if end)

    def whole_commit(self, change: GitChange) -> str:
        """Return the whole id: messages about pull requests have its first 12 digits."""
        if not change.is_abbreviated:
            return change.commit
        found = self.get(f"/repositories/{quote(change.repository)}/commit/{quote(change.commit)}")
        whole = str(found["hash"])
        if not whole.startswith(change.commit):
            raise ProviderApiError(f"Bitbucket calls the commit {change.commit} {whole}.")
        return whole


class NoApi(ProviderApi):
    """A git server that is none of these: its messages say all that there is."""

    @property
    def address(self) -> str:
        """Nowhere."""
        return ""

    def files(self, change: GitChange) -> Iterator[str]:
        """Refuse."""
        raise ProviderApiError(
            f"The message about the {change} does not say which files it changed: send files."
        )


_APIS: dict[str, type[ProviderApi]] = {"GitHub": GitHubApi, "GitLab": GitLabApi, "Bitbucket": BitbucketApi}


def provider_api(sender: str, server: GitServer) -> ProviderApi:
    """Return the API of whoever sent a message."""
    return _APIS.get(sender, NoApi)(server)


def changed_files(api: ProviderApi, change: GitChange) -> tuple[str, ...]:
    """Return the first files that a change changed.

    :raises ProviderApiError: the provider does not say, or not in the form that it documents.
    """
    try:
        return distinct(api.files(change))
    except (KeyError, TypeError, AttributeError) as error:
        raise ProviderApiError(
            f"The files of the {change} are not told as they should be: {error!r}."
        ) from error
