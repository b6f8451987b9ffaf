"""What CodePipeline promises about running executions: statuses, modes, who enters a stage. Pure."""
