"""Reads foreign formats into definitions: CloudFormation, get-pipeline, Terraform. Pure."""
