"""CodeCommit over bare git repositories."""
