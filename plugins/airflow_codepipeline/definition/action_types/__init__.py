"""What CodePipeline knows of every action type and rule type, as data."""
