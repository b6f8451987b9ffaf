"""Messages as the providers document them, with what is read here and some of what is not."""

from __future__ import annotations

from typing import Any

OLD, NEW, TAGGED = "6113728f27ae82c7b1a177c8d03f9e96e0adf246", "a" * 40, "c" * 40
NONE = "0" * 40


def github_push(**more: Any) -> dict[str, Any]:
    """`push` (GitHub documentation, "Webhook events and payloads")."""
    commits = [
        {
            "id": "d" * 40,
            "message": "Begin",
            "timestamp": "2026-03-01T12:00:00Z",
            "author": {"name": "Ada", "email": "ada@example.com", "username": "ada"},
            "added": ["src/new.py"],
            "removed": [],
            "modified": ["README.md"],
        },
        {
            "id": NEW,
            "message": "Finish",
            "timestamp": "2026-03-01T12:01:00Z",
            "author": {"name": "Ada", "email": "ada@example.com", "username": "ada"},
            "added": [],
            "removed": ["old.py"],
            "modified": ["README.md"],
        },
    ]
    return {
        "ref": "refs/heads/main",
        "before": OLD,
        "after": NEW,
        "created": False,
        "deleted": False,
        "forced": False,
        "base_ref": None,
        "compare": f"https://github.com/acme/shop/compare/{OLD[:12]}...{NEW[:12]}",
        "commits": commits,
        "head_commit": commits[-1],
        "repository": {
            "id": 186853002,
            "full_name": "acme/shop",
            "html_url": "https://github.com/acme/shop",
            "clone_url": "https://github.com/acme/shop.git",
            "pushed_at": 1772366460,
            "private": True,
        },
        "pusher": {"name": "ada", "email": "ada@example.com"},
        "sender": {"login": "ada", "id": 21031067},
    } | more


def github_pull_request(action: str = "opened", **more: Any) -> dict[str, Any]:
    """`pull_request`."""
    repository = {"full_name": "acme/shop", "html_url": "https://github.com/acme/shop"}
    return {
        "action": action,
        "number": 7,
        "pull_request": {
            "title": "Fix it",
            "state": "open",
            "merged": False,
            "updated_at": "2026-03-01T12:00:00Z",
            "head": {"ref": "fix", "sha": NEW, "repo": repository},
            "base": {"ref": "main", "sha": OLD, "repo": repository},
        },
        "repository": repository,
        "sender": {"login": "ada"},
    } | more


def gitlab_push(**more: Any) -> dict[str, Any]:
    """`Push Hook` (GitLab documentation, "Webhook events")."""
    return {
        "object_kind": "push",
        "event_name": "push",
        "before": OLD,
        "after": NEW,
        "ref": "refs/heads/main",
        "ref_protected": True,
        "checkout_sha": NEW,
        "user_id": 4,
        "user_name": "Ada",
        "user_username": "ada",
        "project_id": 15,
        "project": {
            "id": 15,
            "name": "Shop",
            "web_url": "https://gitlab.com/acme/shop",
            "git_http_url": "https://gitlab.com/acme/shop.git",
            "path_with_namespace": "acme/shop",
            "default_branch": "main",
        },
        "commits": [
            {
                "id": NEW,
                "message": "Finish",
                "title": "Finish",
                "timestamp": "2026-03-01T12:01:00Z",
                "author": {"name": "Ada", "email": "ada@example.com"},
                "added": ["src/new.py"],
                "modified": ["README.md"],
                "removed": [],
            }
        ],
        "total_commits_count": 1,
    } | more


def gitlab_merge_request(action: str = "open", **attributes: Any) -> dict[str, Any]:
    """`Merge Request Hook`."""
    return {
        "object_kind": "merge_request",
        "event_type": "merge_request",
        "user": {"id": 1, "name": "Ada", "username": "ada"},
        "project": gitlab_push()["project"],
        "object_attributes": {
            "id": 99,
            "iid": 7,
            "target_branch": "main",
            "source_branch": "fix",
            "source_project_id": 15,
            "target_project_id": 15,
            "title": "Fix it",
            "state": "opened",
            "updated_at": "2026-03-01 12:00:00 UTC",
            "last_commit": {"id": NEW, "message": "Fix", "author": {"name": "Ada"}},
            "action": action,
        }
        | attributes,
    }


def bitbucket_push(*changes: dict[str, Any]) -> dict[str, Any]:
    """`repo:push` (Bitbucket documentation, "Event payloads")."""
    return {
        "actor": {"type": "user", "nickname": "ada", "display_name": "Ada"},
        "repository": bitbucket_repository(),
        "push": {"changes": list(changes) or [bitbucket_change()]},
    }


def bitbucket_change(
    name: str = "main", type_: str = "branch", *, new: bool = True, old: bool = True
) -> dict[str, Any]:
    def ref(commit: str) -> dict[str, Any]:
        target = {
            "type": "commit",
            "hash": commit,
            "message": "Finish\n",
            "date": "2026-03-01T12:01:00Z",
            "author": {"type": "author", "raw": "Ada <ada@example.com>"},
        }
        return {"type": type_, "name": name, "target": target}

    return {
        "new": ref(NEW) if new else None,
        "old": ref(OLD) if old else None,
        "created": not old,
        "closed": not new,
        "forced": False,
        "truncated": False,
        "commits": [{"hash": NEW, "message": "Finish\n"}],
    }


def bitbucket_repository(full_name: str = "acme/shop") -> dict[str, Any]:
    return {
        "type": "repository",
        "full_name": full_name,
        "links": {"html": {"href": f"https://bitbucket.org/{full_name}"}},
    }


def bitbucket_pull_request(source: str | None = "acme/shop") -> dict[str, Any]:
    """`pullrequest:created` and its like; its commits have twelve digits."""
    return {
        "actor": {"type": "user", "nickname": "ada"},
        "repository": bitbucket_repository(),
        "pullrequest": {
            "id": 7,
            "title": "Fix it",
            "state": "OPEN",
            "source": {
                "branch": {"name": "fix"},
                "commit": {"hash": NEW[:12]},
                "repository": bitbucket_repository(source) if source else None,
            },
            "destination": {
                "branch": {"name": "main"},
                "commit": {"hash": OLD[:12]},
                "repository": bitbucket_repository(),
            },
        },
    }
