"""What stands behind a connection: GitHub, GitLab and the others (CodeConnections API, ProviderType)."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote


@dataclass(frozen=True, kw_only=True)
class Provider:
    """One kind of provider.

    :param server: its address; none where everybody has one of their own, which the connection's host names.
    :param source_type: CodeBuild's type of source for it; none where CodeBuild cannot clone from it.
    :param user: the user name that goes with an access token.
    """

    server: str | None
    source_type: str | None
    user: str

    def url(self, server: str, repository: str) -> str:
        """Return where a repository is cloned from."""
        return f"{server}/{quote(repository)}.git"


class AzureDevOps(Provider):
    """Azure DevOps, whose repositories are `organization/project/repository`."""

    def url(self, server: str, repository: str) -> str:
        """Return where a repository is cloned from."""
        project, _, name = repository.rpartition("/")
        return f"{server}/{quote(project)}/_git/{quote(name)}"


PROVIDERS: dict[str, Provider] = {
    "AzureDevOps": AzureDevOps(server="https://dev.azure.com", source_type=None, user="git"),
    "Bitbucket": Provider(server="https://bitbucket.org", source_type="BITBUCKET", user="x-token-auth"),
    "GitHub": Provider(server="https://github.com", source_type="GITHUB", user="x-access-token"),
    "GitHubEnterpriseServer": Provider(server=None, source_type="GITHUB_ENTERPRISE", user="x-access-token"),
    "GitLab": Provider(server="https://gitlab.com", source_type="GITLAB", user="oauth2"),
    "GitLabSelfManaged": Provider(server=None, source_type="GITLAB_SELF_MANAGED", user="oauth2"),
}
