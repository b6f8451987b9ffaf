"""CloudFormation templates: their values, resolved as a deployment would, as far as a file can tell."""
