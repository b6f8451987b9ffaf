"""What of the corpus CloudFormation or CodePipeline would refuse, and why.

Everything else must be imported. A line here is a decision: it says which rule AWS would apply.
"""

from __future__ import annotations

REFUSED: dict[str, set[str]] = {
    # RoleArn names the account 12345678: the API wants twelve digits. (Snapshots of the CDK's own tests.)
    "024-aws-cdk-integ.pipeline-security.expected.json": {"CP220"},
    "025-aws-cdk-integ.pipeline-with-assets-single-upload.expected.json": {"CP220"},
    "026-aws-cdk-integ.pipeline-with-assets.expected.json": {"CP220"},
    "027-aws-cdk-integ.pipeline.expected.json": {"CP220"},
    # The template refers to resources that it does not declare.
    "031-devops-essentials-pipeline-cfn-nag-pass.json": {"CI005"},
    "114-aws-code-codepipeline.yaml": {"CI005"},
    "127-AI-Chatbot-with-MERN-codepipeline.yaml": {"CI005"},
    # Not YAML: placeholders of other tools, a broken indentation.
    "079--control-tower-customizations-custom-control-tower-initiation.template": {"CP004"},
    "109-AWS-Cloudformation-templates-suresh-CodePipeline-in-CloudFormation.yml": {"CP004"},
    "112-echofish-aws-ui-codepipeline.yaml": {"CP004"},
    # GitHub without OAuthToken; an artifact that no action writes.
    "084-cloudformation-differential-pipeline-pipeline.yaml": {"CP303", "CP402"},
    # The page of the documentation, not a template.
    "106-codepipeline-to-eks-codepipeline.yml": {"CI001"},
    # The provider is misspelled: CodeComit.
    "115-devopspro-prep-pipeline.yml": {"CP301"},
    # No artifact store, and actions without their artifacts.
    "120-aws-devops-project-codepipeline.json": {"CP210", "CP309", "CP310"},
    # Terraform's source; what `terraform show -json` prints is imported.
    "122-aws-codepipeline-terraform-cicd-samples-main.tf": {"CI001"},
}

NOT_CREATED: dict[str, int] = {
    # The condition of a pipeline is false with the defaults of the parameters.
    "073-aws-service-catalog-reference-architectures-sc-product-deployment.yml": 1,
    "082-CloudPrem-git-pipeline.yml": 1,
}
