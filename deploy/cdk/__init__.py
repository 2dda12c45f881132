"""The infrastructure on AWS, as two CDK stacks: what stays (foundation) and what is updated often (application)."""
