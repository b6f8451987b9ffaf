"""CodeBuild: projects, and builds that really run."""
